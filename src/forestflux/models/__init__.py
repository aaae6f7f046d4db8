"""Everything that learns.

Lives here: the protocol of a model, the network and its training steps, augmentation and
distillation, the classical models and their features, cross-validation.
In: samples. Out: GPP and RECO of site-years, gC m-2 yr-1; NEE is their difference.
May import: prepare and below.
"""
