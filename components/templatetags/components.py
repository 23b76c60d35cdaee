"""`{% load components %}`: every component of the Look; docs/components.md shows each."""

from django import template

from components.tags import actions, charting, fields, figures, lists, surfaces, tables

register = template.Library()
for part in (actions, charting, fields, figures, lists, surfaces, tables):
    register.tags.update(part.register.tags)
    register.filters.update(part.register.filters)
