"""Committed measurements that scores and pages go by: the anchors of tasks, and the search for copies."""
