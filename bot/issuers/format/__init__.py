"""What an issuer's TOML file may say, table by table; `issuer` has the whole of a file.

The models are the format: a file is checked by them, and its JSON Schema is made from them.
"""
