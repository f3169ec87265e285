"""The page: a thin shell over `studio.service.Studio`. Values in `views`, verbs in `handlers`, widgets in `layout_*`, joined in `wire`."""
