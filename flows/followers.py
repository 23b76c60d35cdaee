"""The table of followers: who acts on which event. Imported by the worker and the relay."""
