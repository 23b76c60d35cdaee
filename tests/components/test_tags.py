"""Components as a template writes them: escaped, labelled, without inline style or handler."""

from datetime import UTC, datetime

import pytest
from django import forms
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import get_template
from django.test import RequestFactory
from django.utils import translation

from components.forms import YuanField
from components.gallery import sample


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def show(source: str, **context) -> str:
    return Template("{% load components %}" + source).render(Context(context))


def test_a_button_submits_and_takes_any_attribute():
    assert show('{% button kind="primary" hx_post="/x" aria_expanded=False %}Redeem it{% endbutton %}') == (
        '<button class="btn btn-primary" type="submit" hx-post="/x" aria-expanded="false">Redeem it</button>'
    )


@pytest.mark.parametrize("attribute", ["style", "onclick", "hx_on", "hx_on__after_request"])
def test_inline_style_and_handlers_are_refused(attribute):
    with pytest.raises(TemplateSyntaxError, match="refused"):
        show("{% button " + attribute + '="x" %}Go{% endbutton %}')


def test_a_wrong_kind_or_tone_is_refused():
    with pytest.raises(TemplateSyntaxError):
        show('{% button kind="pink" %}Go{% endbutton %}')
    with pytest.raises(TemplateSyntaxError):
        show('{% tag tone="green" %}Go{% endtag %}')


@pytest.mark.parametrize(
    "source",
    [
        "{% card title=evil note=evil %}{{ evil }}{% endcard %}",
        "{% kpi evil note=evil %}{{ evil }}{% endkpi %}",
        "{% list_item evil note=evil href=evil %}{{ evil }}{% endlist_item %}",
        "{% tag data_name=evil %}{{ evil }}{% endtag %}",
        "{% code evil %}{% avatar evil %}{% seal evil %}{% stamp evil %}{% toast evil %}{% phone evil %}",
        "{% copy_button evil label=evil %}",
        "{% empty evil %}{% endempty %}",
        "{% error_panel title=evil safe=evil next_step=evil reference=evil retry_url=evil %}",
        "{% line_chart evil labels values name=evil %}{% ring 1 2 evil %}{% qr evil evil %}",
        "{% dialog evil evil %}{{ evil }}{% enddialog %}",
        "{% select evil evil choices %}",
    ],
)
def test_what_people_wrote_is_escaped(source):
    evil = '"><script>alert(1)</script>'
    html = show(source, evil=evil, labels=[evil, evil], values=[1, 2], choices=[(evil, evil)])
    assert "<script" not in html
    assert '""' not in html.replace('=""', "")


def test_a_short_sum_tells_the_exact_one():
    html = show("{% money_short 328640000 %}")
    assert 'title="¥3,286,400.00"' in html
    assert '<span class="sr">¥3,286,400.00</span>' in html


def test_a_fall_is_said_not_only_drawn():
    html = show('{% kpi "Redeemed" trend="-1.2" %}23.7%{% endkpi %}')
    assert '<span aria-hidden="true">▼</span><span class="sr">down</span> 1.2%' in html


def test_a_code_is_drawn_in_fours_without_blanks_in_it():
    html = show('{% code "826409173358" %}')
    assert html == '<span class="code"><span>8264</span><span>0917</span><span>3358</span></span>'


def test_a_moment_carries_its_exact_time():
    moment = datetime(2020, 12, 31, 15, 59, tzinfo=UTC)
    html = show("{% when moment %}", moment=moment)
    assert 'datetime="2020-12-31T15:59:00+00:00" title="2020-12-31 15:59"' in html


class Joining(forms.Form):
    phone = forms.CharField(help_text="We send a code to it.")
    amount = YuanField(required=False)
    agreed = forms.BooleanField()


def test_a_field_is_tied_to_its_label_help_and_fault():
    html = show("{% field form.phone inputmode='tel' %}", form=Joining({}))
    assert '<label class="field-label" for="id_phone">' in html
    assert 'aria-describedby="id_phone_help id_phone_fault"' in html
    assert 'aria-invalid="true"' in html
    assert 'inputmode="tel"' in html
    assert html.count('id="id_phone_fault"') == html.count('id="id_phone_help"') == 1


def test_a_field_without_fault_is_not_called_invalid():
    html = show("{% field form.phone %}", form=Joining())
    assert "aria-invalid" not in html
    assert 'aria-describedby="id_phone_help"' in html


def test_a_consent_is_never_ticked_beforehand():
    html = show("{% consent form.agreed %}I agree.{% endconsent %}", form=Joining())
    assert "checked" not in html
    assert '<label for="id_agreed">I agree.</label>' in html


def test_a_table_names_its_columns_in_every_cell_for_the_phone():
    html = show(
        '{% table "Stores" %}<thead><tr>{% column "Sales" number=True %}</tr></thead>'
        '<tbody><tr>{% cell "Sales" number=True %}1{% endcell %}</tr></tbody>{% endtable %}'
    )
    assert '<caption class="sr">Stores</caption>' in html
    assert '<th scope="col" class="n">Sales</th>' in html
    assert '<td class="n" data-label="Sales"><span>1</span></td>' in html


def test_pages_keep_what_the_address_asked_for():
    request = RequestFactory().get("/members/?q=lin&cursor=old")
    html = show('{% pages "new" %}', request=request)
    assert 'href="?q=lin&amp;cursor=new" rel="next"' in html
    assert show("{% pages %}", request=request).strip() == ""


def test_a_chart_has_a_sentence_and_a_table_of_its_data():
    html = show(
        '{% line_chart "Sales" labels values unit="money" %}', labels=["11-20", "11-21"], values=[100, 250]
    )
    assert "Highest ¥2.50 on 11-21, lowest ¥1.00 on 11-20." in html
    assert '<th scope="row">11-20</th><td class="n">¥1.00</td>' in html


@pytest.mark.parametrize("frame", ["dashboard/base.html", "workbench/base.html", "storefront/base.html"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_component_shows_in_every_frame_without_inline_style(frame, language):
    request = RequestFactory().get("/components/")
    with translation.override(language):
        html = get_template("components/gallery.html").render(
            sample("/components/") | {"frame": frame}, request
        )
    assert " style=" not in html
    assert "<style" not in html
    assert "<script>" not in html
    assert (
        html.count('class="seal"') + html.count('class="scan"') <= 2
    )  # HQ's mark is in the side and, small, in the bar


def test_the_frame_is_drawn_in_the_theme_of_the_cookie():
    request = RequestFactory().get("/")
    request.COOKIES["theme"] = "dark"
    assert 'data-theme="dark"' in get_template("plain.html").render({}, request)
    request.COOKIES["theme"] = '"><script>'
    assert "data-theme=" not in get_template("plain.html").render({}, request).split("<head>")[0]
