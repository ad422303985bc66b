"""How does a catalog file give an app's credentials for each kind of provider?

Each kind has a module here. It says which keys its block has, tries the credentials, and makes throw-away ones for a stand-in. A
further kind needs such a module and a field in the file's entry of an app.

Only the command line loads these.
"""
