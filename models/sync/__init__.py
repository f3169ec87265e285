"""Lip synchrony: SyncNet as published, its scores, and the scorer this project trained."""
