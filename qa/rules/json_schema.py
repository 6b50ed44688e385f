"""The JSON Schema of pack files, generated from the models that validate them."""

import json

from qa.rules.schema import PackFile


def pack_schema() -> str:
    """The schema as indented JSON; name it in an editor for completion and checks while writing."""
    schema = PackFile.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Tingjian rule pack"
    return json.dumps(schema, ensure_ascii=False, indent=2)
