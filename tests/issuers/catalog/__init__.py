"""Every issuer that comes with Kabao, against answers whose source is named."""
