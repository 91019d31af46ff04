//! Street suffixes and their abbreviations: Appendix C1 of the United States Postal Service's Publication 28, with the
//! everyday forms that are missing there. Each line: the standard abbreviation, the word in
//! full, then what is written instead.

/// The lines; [`super::canonical`] reads them once.
pub(super) const SUFFIXES: &str = "\
aly alley allee ally
anx anex annex annx
arc arcade
ave avenue av aven avenu avn avnue
byu bayou bayoo
bch beach
bnd bend
blf bluff bluf
blfs bluffs
btm bottom bot bottm
blvd boulevard boul boulv bvd bld
br branch brnch
brg bridge brdge
brk brook
brks brooks
bg burg
byp bypass bypa bypas byps
cp camp cmp
cyn canyon canyn cnyn
cpe cape
cswy causeway causwa
ctr center cent centr centre cnter cntr
ctrs centers
cir circle circ circl crcl crcle
cirs circles
clf cliff
clfs cliffs
clb club
cmn common
cmns commons
cor corner
cors corners
crse course
ct court crt
cts courts
cv cove
cvs coves
crk creek
cres crescent crsent crsnt
crst crest
xing crossing crssng
xrd crossroad
curv curve
dl dale
dm dam
dv divide div dvd
dr drive driv drv doctor
drs drives
est estate
ests estates
expy expressway exp expr express expw
ext extension extn extnsn
exts extensions
fls falls
fry ferry frry
fld field
flds fields
flt flat
flts flats
frd ford
frst forest forests
frg forge forg
frk fork
frks forks
ft fort frt
fwy freeway freewy frway frwy
gdn garden gardn grden grdn
gdns gardens grdns
gtwy gateway gatewy gatway gtway
gln glen
grn green
grv grove grov
hbr harbor harb harbr hrbor harbour
hvn haven
hts heights ht
hwy highway highwy hiway hiwy hway
hl hill
hls hills
holw hollow hllw hollows holws
inlt inlet
is island islnd
iss islands
jct junction jction jctn junctn juncton
ky key
kys keys
knl knoll knol
knls knolls
lk lake
lks lakes
lndg landing lndng
ln lane
lgt light
lf loaf
lck lock
lcks locks
ldg lodge ldge lodg
mnr manor
mnrs manors
mdw meadow
mdws meadows medows
ml mill
mls mills
msn mission missn mssn
mtwy motorway
mt mount mnt
mtn mountain mntain mntn mountin mtin
mtns mountains
nck neck
orch orchard orchrd
oval oval ovl
opas overpass pass
park park prk pk
pkwy parkway parkwy pkway pky parkways pkwys
pass
psge passage
path path paths
pike pike pikes
pne pine
pnes pines
pl place
pln plain
plns plains
plz plaza plza
pt point
pts points
prt port
pr prairie prr
radl radial rad
rnch ranch ranches rnchs
rpd rapid
rpds rapids
rst rest
rdg ridge rdge
rdgs ridges
riv river rvr rivr
rd road
rds roads
rte route
shl shoal
shr shore shoar
shrs shores
skwy skyway
spg spring spng sprng
spgs springs
sq square sqr sqre squ
sqs squares
sta station statn stn
strm stream streme
st street strt str saint
sts streets
smt summit sumit sumitt
ter terrace terr
trwy throughway
trce trace traces
trak track tracks trk trks
trl trail trails trls
trlr trailer
tunl tunnel tunel tunls tunnels
tpke turnpike trnpk turnpk tpk
upas underpass
un union
vly valley vally vlly
via viaduct vdct viadct
vw view
vws views
vlg village vill villag villg
vl ville
vis vista vist vst vsta
walk walk walks
way way wy
wl well
wls wells
row row
run run
loop loop loops
mall mall
mews mews
";

/// Other words with more than one spelling: titles, and words that stand in front of a name.
pub(super) const OTHERS: &str = "\
jr junior
sr senior
msgr monsignor
sgt sergeant
capt captain
cpl corporal
gen general
lt lieutenant
pvt private
pres president
rev reverend
bros brothers
univ university
natl national
intl international
govt government
bldg building
lib library
sch school
hosp hospital
";

/// Directions: the abbreviation, then the word.
pub(super) const DIRECTIONS: &[(&str, &str)] =
    &[("n", "north"), ("s", "south"), ("e", "east"), ("w", "west"), ("ne", "northeast"), ("nw", "northwest"), ("se", "southeast"), ("sw", "southwest")];
