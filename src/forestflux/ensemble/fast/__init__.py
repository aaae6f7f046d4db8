"""Inference at speed: the trained networks on a processor or a GPU, within a stated tolerance.

In: trained networks, prepared series. Out: the numbers of the networks' own `predict_prepared` and
`shares`. The loops between the filters are compiled (`kernels`) or torch's own (`backends`).
"""
