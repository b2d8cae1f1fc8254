"""How forms turn into HTML: Django's own renderer with the field template of this house."""

from django.forms.renderers import TemplatesSetting


class HouseRenderer(TemplatesSetting):
    """`{{ form }}` and `{{ form.field.as_field_group }}` as in templates/forms/; widgets stay Django's."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
