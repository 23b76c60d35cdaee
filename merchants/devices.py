"""A device in words a person knows, from its user agent: `Chrome · Windows`. For telling one's own apart, no more."""

_BROWSERS = (  # the first that is found: later ones are named in the earlier ones' agents
    ("wxwork", "WeCom"),
    ("DingTalk", "DingTalk"),
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def device_name(user_agent: str) -> str:
    """Empty when neither browser nor system is known."""
    found = (
        next((name for mark, name in table if mark in user_agent), None) for table in (_BROWSERS, _SYSTEMS)
    )
    return " · ".join(name for name in found if name)
