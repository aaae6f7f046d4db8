"""Captions of the figures of towers and models."""

from forestflux.pages.figures.caption_type import Caption

SKILL_CAPTIONS = {
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
}
