"""Answers put together from several services: asked at the same time, under one deadline, with what there is."""
