"""Captions of the figures of maps and change."""

from forestflux.pages.figures.caption_type import Caption

GLOBE_CAPTIONS = {
    "level_map": Caption(
        "The level: NEE in {second}",
        "Annual NEE per m2 of forest ground, mean of the ensemble; negative is uptake. "
        "Hatched forest is outside the area of applicability. Some 2 % of cells lie "
        "beyond an open end of the scale. {sink}",
        "World map of forest NEE in {second}.",
    ),
    "change_map": Caption(
        "The change: NEE, {second} minus {first}",
        "Pale: the change may be chance or error. Above: share of the forest whose change "
        "is significant, each cell by itself, and with the false discovery rate held, or "
        "that this is so in no cell. Two single years differ mostly by weather.",
        "World map of the change of forest NEE pale where it is not significant.",
    ),
    "truth_series": Caption(
        "The series beside the truth",
        "Annual totals of all forests; bands: {level} % interval of the errors that unseen "
        "towers showed. Most of such an error is of the level and moves all years alike. "
        "Diamonds: the planted truth, on the cells that are forest in both.",
        "Lines of annual GPP and NEE totals with their interval, and points of the truth.",
    ),
    "tower_series": Caption(
        "The series beside the towers",
        "Left: annual totals of all forests; bands: {level} % interval of the errors that "
        "unseen towers showed. Right: means over the site-years of each year at towers that "
        "the network had not seen, as measured and as estimated. The towers are not the "
        "same in all years.",
        "Lines of annual GPP and NEE totals with their interval beside means at towers.",
    ),
    "maps": Caption(
        "Forest GPP and NEE in {first} and {second}",
        "Annual fluxes per m2 of forest ground, mean of the ensemble, on an "
        "equal-area projection. Negative NEE is uptake by the forest. Grey land has "
        "no forest of the five types; hatched forest is unlike every training tower "
        "(outside the area of applicability). One scale for both years, without zero where "
        "all cells are far from it; some 2 % of them lie beyond an open end. Cells finer "
        "than a quarter of a degree are averaged for display. Two single years differ "
        "mostly by weather. {sink}",
        "World maps of forest GPP and NEE in {first} and {second}.",
    ),
    "uncertainty": Caption(
        "How sure the maps of {second} are",
        "(a, b) Width of the {level} % interval of a cell's annual flux, calibrated "
        "on the errors at towers that the network had not seen; (c) share of the "
        "inputs that was missing and was not filled; (d) dissimilarity of a cell's "
        "inputs to those of the training site-years, weighted by what moves the network "
        "(Meyer and Pebesma 2021); hatched: outside the area of applicability, where the "
        "intervals promise too much. Intervals are for single cells: errors of cells are "
        "related, and those of totals do not average out.",
        "World maps of the interval widths of GPP and NEE, of the missing share of inputs "
        "and of the dissimilarity to the towers.",
    ),
    "zonal": Caption(
        "Profiles over latitude",
        "Mean flux per m2 of forest and total per zone of latitude in {first} and "
        "{second}. Negative NEE is uptake by the forest. Zones without forest are "
        "left out.",
        "Profiles of GPP and NEE over latitude, means and totals, in {first} and "
        "{second}.",
    ),
    "month_zones": Caption(
        "Months by latitude",
        "Mean GPP, RECO and NEE of each calendar month over the forest of each zone of "
        "latitude and all mapped years. The twelve months of a zone add up to its year.",
        "Heat maps of monthly GPP, RECO and NEE by latitude and month.",
    ),
    "series": Caption(
        "Annual totals",
        "Sum over cells of flux, cell area and forest fraction, one sum for each "
        "ensemble member; bands: {level} % interval of the errors that unseen towers "
        "showed. Most of such an error is of the level and moves all years alike. Dotted "
        "lines: {first} and {second}.",
        "Lines of annual GPP and NEE totals: all forests, by forest type, by latitude"
        " band.",
    ),
    "regions": Caption(
        "Continents or regions through the years",
        "Totals over the forest of each continent, of a run of one continent over that of "
        "its largest regions, one sum for each ensemble member; "
        "bands: {level} % interval of the errors that unseen towers showed. Slopes: "
        "Theil-Sen of all mapped years with the larger p of the Mann-Kendall test and of "
        "the slope's error, adjusted over all of that kind for false discoveries (Benjamini "
        "and Hochberg). Dotted lines: {first} and {second}.",
        "Small panels of annual GPP and NEE totals by place with their slopes.",
    ),
    "change": Caption(
        "Change of GPP and NEE",
        "{second} minus {first}; mean of the later window of years minus that of the "
        "earlier, where the years are mapped; Theil-Sen slope of the annual series. Pale: "
        "the change may be chance or error: by the error that unseen towers showed "
        "together with the interannual variability, of a slope by that error or by the "
        "Mann-Kendall test. Each cell is tested by itself, and among thousands of cells one in "
        "twenty passes by chance: above each panel the share of the forest that is "
        "significant, plain and with the false discovery rate held. Blue is more GPP or "
        "more uptake. Two single years differ mostly by weather. Atmospheric CO2 is not "
        "among the inputs, so its direct effect on GPP is missed.",
        "World maps of the differences and of the trend of GPP and NEE, pale where not "
        "significant.",
    ),
    "windows": Caption(
        "Pair and windows of years",
        "Change of the totals between {first} and {second}, and between the means of "
        "windows of years, with the {level} % interval of their errors, by forest type, "
        "latitude band, continent, and by what became of the forest. Hollow marks: the "
        "interval holds zero. Windows hold less weather "
        "than single years: where the two disagree, the pair shows weather. Negative "
        "NEE changes: more uptake.",
        "Changes of GPP and NEE totals by stratum, of the pair and of windows of years.",
    ),
    "decomposition": Caption(
        "What the change is made of",
        "The change of each total between {first} and {second} in its exact parts: the "
        "flux per m2 of forest changed on the earlier area, the area changed at the "
        "earlier flux, and both together. The parts sum to the change (diamonds), cell "
        "by cell. A part that is zero everywhere is left out. Forest area is that of the "
        "land cover map of each year, with its own errors.",
        "Stacked bars of the parts of the change of GPP and NEE totals by stratum.",
    ),
    "drivers": Caption(
        "What drove the change",
        "Effects of the departure of each variable from its mean year, as towers respond "
        "to it from year to year, on cells that are forest in both years. (a, b) Effects "
        "on the total change over all forests, lines: {level} % interval of the response; "
        "all drivers sum to the mapped change; those without any effect are left out. "
        "(c, d) The driver with the largest effect "
        "in each cell. Variables that say the same share an effect, and an effect is no "
        "proof of a cause in the forest.",
        "Bars of the effects of the drivers on GPP and NEE, and world maps of the "
        "strongest driver.",
    ),
    "change_table": Caption(
        "Change by forest type and band",
        "{second} minus {first} and Theil-Sen slope of the totals with their {level} "
        "% interval of their errors. Hollow marks: the interval"
        " holds zero. The change of a stratum includes the change of its forest area."
        " Negative NEE changes: more uptake.",
        "Changes and slopes of GPP and NEE totals by stratum with intervals.",
    ),
    "comparison": Caption(
        "Beside other products",
        "For each product the mean flux of this run minus that of the product over their "
        "common years, and both means by latitude, on the forest that both have in every "
        "common year. The product is brought onto the grid of the run with exact area "
        "weights; its flux of all land of a cell is taken as that of the forest in it, so "
        "cells with little forest compare the forest with its neighbours. A product is no "
        "truth: most are learnt from the same towers or driven by the same satellites. "
        "Blue: the run has more GPP or RECO, or more uptake.",
        "World maps of the difference between this run and each product, and profiles over "
        "latitude of both.",
    ),
    "recovery": Caption(
        "The map against the planted truth",
        "On the simulated planet the true flux of every cell is known and never an "
        "input. Above: totals over the cells that are forest in both with the {level} % "
        "interval of the map, and their errors. Below: mapped and true values; the bar "
        "behind a change is its {level} % interval. Truth is zero for an error, the "
        "nominal share for a share of cells inside their interval, one for R2. Slopes "
        "without weather are those that were planted, of GPP only. Detection: share of the "
        "disturbed cells that a test finds, share of the others where it "
        "raises a false alarm, and AUC, the probability that a disturbed cell shows more "
        "evidence than another (0.5 by chance); truth is what the same test finds in the "
        "true series. It tests the method, not the real Earth.",
        "Mapped and true totals through the years, their errors, and other recovered "
        "quantities.",
    ),
}
