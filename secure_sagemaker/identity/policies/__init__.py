"""IAM documents from a baseline: AWS itself refuses what the client would have refused.

Pure: no I/O but the library's own data, no clock, no AWS.

documents    policies as typed values, and their one text
compaction   fewer statements that mean the same
reference    what IAM knows of each action
lint         what would never match
"""
