from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q

from merchants import phones, sealing
from merchants.refs import RefField


class UserManager(BaseUserManager):
    def create_user(
        self, *, email: str | None = None, phone: str | None = None, password=None, **fields
    ) -> "User":
        """A staff user, found by e-mail, phone or both. `phone` is E.164 (see merchants.phones.parse)."""
        user = self.model(email=(email or "").strip().lower() or None, **fields)
        if phone:
            user.set_phone(phone)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str, **fields) -> "User":
        return self.create_user(email=email, password=password, is_staff=True, is_superuser=True, **fields)

    def by_phone(self, e164: str) -> "User | None":
        return self.filter(phone_hash=phones.fingerprint(e164)).first()


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who signs in to the dashboard or the workbench. Shoppers are persons, not users."""

    ref = RefField(prefix="usr")
    name = models.CharField(max_length=60)
    email = models.EmailField(unique=True, null=True, blank=True)
    phone_sealed = models.BinaryField(null=True, editable=False)
    phone_hash = models.BinaryField(null=True, unique=True, editable=False)
    phone_verified = models.BooleanField(default=False)
    language = models.CharField(max_length=10, default="zh-hans")
    is_staff = models.BooleanField(default=False, help_text="May use the platform operator's admin")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(email__isnull=False) | Q(phone_hash__isnull=False), name="user_has_email_or_phone"
            ),
            models.CheckConstraint(
                condition=Q(phone_hash=None, phone_sealed=None)
                | Q(phone_hash__isnull=False, phone_sealed__isnull=False),
                name="user_phone_sealed_and_found",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.ref

    def clean(self) -> None:
        """Sign-in looks e-mails up in small letters."""
        self.email = (self.email or "").strip().lower() or None

    def set_phone(self, e164: str, *, verified: bool = True) -> None:
        self.phone_sealed, self.phone_hash = sealing.seal(e164), phones.fingerprint(e164)
        self.phone_verified = verified

    @property
    def phone(self) -> str | None:
        """E.164 in clear, for the sign-in adapter only; faces show `masked_phone`."""
        return sealing.unseal(self.phone_sealed) if self.phone_sealed else None

    @property
    def masked_phone(self) -> str:
        return phones.mask(self.phone) if self.phone_sealed else ""
