"""Everything that learns.

Lives here: the protocol of a model, the network and its training steps, augmentation and
distillation, cross-validation; in folders the classical models (`classical`), how the years of
one place differ (`years`) and how a year falls on its months (`seasons`).
In: samples. Out: GPP and RECO of site-years, gC m-2 yr-1; NEE is their difference.
May import: prepare and below.
"""
