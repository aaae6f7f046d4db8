"""Everything that learns.

Lives here: the protocol of a model, the network and its training steps, augmentation and
distillation, cross-validation; in folders the classical models (`classical`) and how the years of
one place differ (`years`).
In: samples. Out: GPP and RECO of site-years, gC m-2 yr-1; NEE is their difference.
May import: prepare and below.
"""
