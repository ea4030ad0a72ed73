"""Kernels between texts beside the best head: whose vote rebuilds the model's answer (M6)?"""
