"""What each figure shows, how it was made, where it ends: for figure and report."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Caption:
    """Words to a figure.

    Attributes
    ----------
    title : what it is, a few words
    text : method and limits; {first}, {second}: the pair of years, {level}: the
        probability of the intervals, %
    alt : what a reader who does not see the figure would be told
    of_model : whether the figure shows what the model of the run gives; its text then
        ends with the model
    """

    title: str
    text: str
    alt: str
    of_model: bool = True


CAPTIONS = {
    "level_map": Caption(
        "The level: NEE in {second}",
        "Annual NEE per m2 of forest ground, mean of the ensemble; negative is uptake. "
        "Hatched forest is outside the area of applicability. The highest 2 % of cells "
        "share the last colour. NEE of tower-trained models is too strong a sink.",
        "World map of forest NEE in {second}.",
    ),
    "change_map": Caption(
        "The change: NEE, {second} minus {first}",
        "Dots: the change may be chance or error. Above: share of the forest whose change "
        "is significant, each cell by itself, and with the false discovery rate held. Two "
        "single years differ mostly by weather.",
        "World map of the change of forest NEE with dots where it is not significant.",
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
    "towers": Caption(
        "Flux towers",
        "Towers by forest type (IGBP). The area of a mark grows with the site-years "
        "that are used; hollow marks have none, with the reasons in samples.csv. "
        "Towers of other land cover train the network and are never scored; a ring "
        "marks towers that no training sees. Towers crowd in Europe and North America "
        "and are few in the tropics and in Siberia: estimates there rest on towers "
        "elsewhere.",
        "World map of flux towers by forest type; hollow marks have no usable year.",
        of_model=False,
    ),
    "timeline": Caption(
        "Site-years, used and dropped",
        "(a) Site-years of forest towers by year and forest type; hatched ones are "
        "dropped. (b) Every tower with a label, in the order of forest types (strip at "
        "the left, colours of panel a; grey: other land cover), and what became of "
        "each year. White: no label in that year.",
        "Bars of site-years by year above a table of towers and years, coloured by "
        "whether a year is used and why not.",
        of_model=False,
    ),
    "network": Caption(
        "The method",
        "(a) The input series of a year at one tower, as the network reads them: variables x "
        "eight-day steps, in standard deviations; hatched values are missing and stay "
        "missing, a second channel says so. (b) After Wu (2019): filters along time, "
        "across variables and jointly, twice; the encoded pattern is adjusted with the "
        "forest type; a perceptron gives GPP and RECO, and NEE is their difference. One "
        "series more, the radiation at the top of the atmosphere, follows from the "
        "latitude. (c) The steps in which each network is trained. The paper's layer "
        "sizes are not public: these are choices of the configuration.",
        "A heat map of the input series with gaps above a diagram of the network's layers and a "
        "row of its training steps.",
    ),
    "scatter": Caption(
        "Observed and estimated fluxes",
        "Annual GPP and NEE of site-years that the model had not seen, with the line "
        "on which both agree. Columns: the network with whole sites held out, with "
        "whole clusters of 100 km held out, and, if asked for, with rows drawn at "
        "random; and the best classical model by site. A random split puts years of one "
        "tower on both sides and flatters every model: it is no estimate of the skill on "
        "the map. R2 is over site-years; years of one site are not independent, so the "
        "number of sites is the sample size that counts.",
        "Scatter plots of estimated against observed annual GPP and NEE by model and "
        "split.",
    ),
    "scores": Caption(
        "Scores by model and split",
        "R2 and RMSE of annual GPP and NEE over site-years of forest towers. Filled "
        "marks: towers, clusters or a held-out list that the model had not seen. Axes fit "
        "the marks: those of RMSE do not start at zero. "
        "Hollow marks, if asked for: random split, optimistic, shown only to say by how "
        "much. An R2 below -0.5 is written beside an arrow.",
        "Dot plots of R2 and RMSE by model, one mark for each way of splitting the "
        "data.",
    ),
    "calibration": Caption(
        "Coverage of the intervals",
        "Share of observed site-years inside the interval, against its nominal share "
        "(line). (a, b) The network by forest type; (c, d) all models. Marks left of "
        "the line: intervals that promise too much. Bars: 95 % interval of a bootstrap over "
        "sites; with few sites one tower moves a mark by many percent. Coverage holds for "
        "forests like those with towers, not beyond.",
        "Dot plots of the covered share by forest type and by model against the "
        "nominal share.",
    ),
    "seasons": Caption(
        "The season by forest type",
        "Mean GPP, RECO and NEE of each month at towers of clusters that no model had seen, each "
        "site counted once. Dashed: the mean season of the same type at a similar latitude, "
        "scaled with the network's year. The height of a curve is the year's, its course the "
        "season's. Southern years are moved by half a year.",
        "Curves of monthly GPP, RECO and NEE by forest type, of towers, network and mean season.",
    ),
    "gap_curve": Caption(
        "Skill against gaps",
        "R2 at unseen sites when more of the inputs is hidden than nature hides "
        "already: single steps, runs of months, the gaps of another site-year (of the "
        "gappiest third), and one variable for the whole year. Nothing is filled for the "
        "network; the classical models cannot do without filling. Marks of the same "
        "share stand beside each other. Band and lines: 95 % "
        "interval of what is lost against the observed series, a bootstrap over sites. "
        "Lines may leave the panel.",
        "Curves of R2 against the hidden share of the inputs by model, and R2 by what "
        "is hidden.",
    ),
    "importance": Caption(
        "Which input counts in which month",
        "Mean absolute change of the network's annual estimate at forest towers when "
        "one variable is hidden in one month, by forest type. Months are those of the"
        " season: southern years are turned by half a year where the network turns "
        "them. Dots: the change is less than twice its spread between ensemble "
        "members. Variables that say the same stand in for each other, so a small "
        "change does not mean that a variable is unrelated to the flux.",
        "Heat maps of the change of GPP and NEE by variable and month for each forest"
        " type.",
    ),
    "attributions": Caption(
        "What each input adds, and in which direction",
        "Integrated gradients of the network at forest towers against the usual year of the "
        "forest type: what a value adds to the annual estimate that lies one typical "
        "departure above that year. Gaps add nothing. Departures are mostly those between "
        "places, less those between years. Months are those of the season: southern "
        "years are turned by half a year where the network turns them. Dots: less than "
        "twice the spread between ensemble members. Variables that say the same share what "
        "they add, and what moves the network need not move the forest.",
        "Heat maps of signed contributions to GPP and NEE by variable and month for each "
        "forest type.",
    ),
    "activations": Caption(
        "What the network's patterns answer to",
        "Mean absolute activation of the convolutional block by forest type: each series "
        "filtered along time, then for each block the patterns across variables and the "
        "joint ones; mean over channels, site-years of forest towers and ensemble "
        "members. Months are those of the season: southern years are turned by half a "
        "year. Dots: less than twice its spread between ensemble members. A strong activation "
        "says that a pattern was seen, not that it moved the estimate: for that see the "
        "figure of hidden inputs.",
        "Heat maps of activations by pattern and month, one for each forest type.",
    ),
    "maps": Caption(
        "Forest GPP and NEE in {first} and {second}",
        "Annual fluxes per m2 of forest ground, mean of the ensemble, on an "
        "equal-area projection. Negative NEE is uptake by the forest. Grey land has "
        "no forest of the five types; hatched forest is unlike every training tower "
        "(outside the area of applicability). One scale for both years; the highest 2 % of "
        "cells share the last colour. Cells finer than a quarter of a degree are "
        "averaged for display. Two single years differ mostly by weather. NEE of "
        "tower-trained models is too strong a sink in the tropics.",
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
        "Continents through the years",
        "Totals over the forest of each continent, one sum for each ensemble member; "
        "bands: {level} % interval of the errors that unseen towers showed. Slopes: "
        "Theil-Sen of all mapped years with the larger p of the Mann-Kendall test and of "
        "the slope's error, adjusted over the continents for false discoveries (Benjamini "
        "and Hochberg). Dotted lines: {first} and {second}.",
        "Small panels of annual GPP and NEE totals by continent with their slopes.",
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


def caption_of(
    name: str, *, pair: tuple[int, int], level: float, members: int
) -> Caption:
    """The caption of a figure with the run's years, level of the intervals and model in it.

    Parameters
    ----------
    name : one of `forestflux.pages.figures.figure_registry.FIGURES`
    pair : first and second year
    level : probability of the intervals, 0-1
    members : networks of the ensemble
    """
    words = {"first": pair[0], "second": pair[1], "level": f"{100 * level:g}"}
    caption = CAPTIONS[name]
    text = caption.text.format(**words)
    if caption.of_model:
        text = f"{text} {describe_model(members)}"
    return Caption(
        caption.title.format(**words),
        text,
        caption.alt.format(**words),
        of_model=caption.of_model,
    )


def describe_model(members: int) -> str:
    """The model of a run in one sentence."""
    if members == 1:
        return "Model: one convolutional neural network (CNN)."
    return f"Model: the mean of an ensemble of {members} convolutional neural networks (CNN)."
