"""Starts and keeps everything one machine needs: database, broker, web server, worker, schedule.

No settings are read here: the children read them, each in its own role's environment.
"""
