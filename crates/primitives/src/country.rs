//! ISO 3166-1 countries: the three codes, and the names that merchants of our region write instead.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use thiserror::Error;

/// A country of ISO 3166-1.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Country(u16);

/// The text is no code and no known name of a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not an ISO 3166-1 country")]
pub struct UnknownCountry;

/// Alpha-2, alpha-3, numeric, in the order of alpha-2.
#[rustfmt::skip]
const COUNTRIES: [(&str, &str, u16); 249] = [
    ("AD","AND",20),("AE","ARE",784),("AF","AFG",4),("AG","ATG",28),("AI","AIA",660),("AL","ALB",8),
    ("AM","ARM",51),("AO","AGO",24),("AQ","ATA",10),("AR","ARG",32),("AS","ASM",16),("AT","AUT",40),
    ("AU","AUS",36),("AW","ABW",533),("AX","ALA",248),("AZ","AZE",31),("BA","BIH",70),("BB","BRB",52),
    ("BD","BGD",50),("BE","BEL",56),("BF","BFA",854),("BG","BGR",100),("BH","BHR",48),("BI","BDI",108),
    ("BJ","BEN",204),("BL","BLM",652),("BM","BMU",60),("BN","BRN",96),("BO","BOL",68),("BQ","BES",535),
    ("BR","BRA",76),("BS","BHS",44),("BT","BTN",64),("BV","BVT",74),("BW","BWA",72),("BY","BLR",112),
    ("BZ","BLZ",84),("CA","CAN",124),("CC","CCK",166),("CD","COD",180),("CF","CAF",140),("CG","COG",178),
    ("CH","CHE",756),("CI","CIV",384),("CK","COK",184),("CL","CHL",152),("CM","CMR",120),("CN","CHN",156),
    ("CO","COL",170),("CR","CRI",188),("CU","CUB",192),("CV","CPV",132),("CW","CUW",531),("CX","CXR",162),
    ("CY","CYP",196),("CZ","CZE",203),("DE","DEU",276),("DJ","DJI",262),("DK","DNK",208),("DM","DMA",212),
    ("DO","DOM",214),("DZ","DZA",12),("EC","ECU",218),("EE","EST",233),("EG","EGY",818),("EH","ESH",732),
    ("ER","ERI",232),("ES","ESP",724),("ET","ETH",231),("FI","FIN",246),("FJ","FJI",242),("FK","FLK",238),
    ("FM","FSM",583),("FO","FRO",234),("FR","FRA",250),("GA","GAB",266),("GB","GBR",826),("GD","GRD",308),
    ("GE","GEO",268),("GF","GUF",254),("GG","GGY",831),("GH","GHA",288),("GI","GIB",292),("GL","GRL",304),
    ("GM","GMB",270),("GN","GIN",324),("GP","GLP",312),("GQ","GNQ",226),("GR","GRC",300),("GS","SGS",239),
    ("GT","GTM",320),("GU","GUM",316),("GW","GNB",624),("GY","GUY",328),("HK","HKG",344),("HM","HMD",334),
    ("HN","HND",340),("HR","HRV",191),("HT","HTI",332),("HU","HUN",348),("ID","IDN",360),("IE","IRL",372),
    ("IL","ISR",376),("IM","IMN",833),("IN","IND",356),("IO","IOT",86),("IQ","IRQ",368),("IR","IRN",364),
    ("IS","ISL",352),("IT","ITA",380),("JE","JEY",832),("JM","JAM",388),("JO","JOR",400),("JP","JPN",392),
    ("KE","KEN",404),("KG","KGZ",417),("KH","KHM",116),("KI","KIR",296),("KM","COM",174),("KN","KNA",659),
    ("KP","PRK",408),("KR","KOR",410),("KW","KWT",414),("KY","CYM",136),("KZ","KAZ",398),("LA","LAO",418),
    ("LB","LBN",422),("LC","LCA",662),("LI","LIE",438),("LK","LKA",144),("LR","LBR",430),("LS","LSO",426),
    ("LT","LTU",440),("LU","LUX",442),("LV","LVA",428),("LY","LBY",434),("MA","MAR",504),("MC","MCO",492),
    ("MD","MDA",498),("ME","MNE",499),("MF","MAF",663),("MG","MDG",450),("MH","MHL",584),("MK","MKD",807),
    ("ML","MLI",466),("MM","MMR",104),("MN","MNG",496),("MO","MAC",446),("MP","MNP",580),("MQ","MTQ",474),
    ("MR","MRT",478),("MS","MSR",500),("MT","MLT",470),("MU","MUS",480),("MV","MDV",462),("MW","MWI",454),
    ("MX","MEX",484),("MY","MYS",458),("MZ","MOZ",508),("NA","NAM",516),("NC","NCL",540),("NE","NER",562),
    ("NF","NFK",574),("NG","NGA",566),("NI","NIC",558),("NL","NLD",528),("NO","NOR",578),("NP","NPL",524),
    ("NR","NRU",520),("NU","NIU",570),("NZ","NZL",554),("OM","OMN",512),("PA","PAN",591),("PE","PER",604),
    ("PF","PYF",258),("PG","PNG",598),("PH","PHL",608),("PK","PAK",586),("PL","POL",616),("PM","SPM",666),
    ("PN","PCN",612),("PR","PRI",630),("PS","PSE",275),("PT","PRT",620),("PW","PLW",585),("PY","PRY",600),
    ("QA","QAT",634),("RE","REU",638),("RO","ROU",642),("RS","SRB",688),("RU","RUS",643),("RW","RWA",646),
    ("SA","SAU",682),("SB","SLB",90),("SC","SYC",690),("SD","SDN",729),("SE","SWE",752),("SG","SGP",702),
    ("SH","SHN",654),("SI","SVN",705),("SJ","SJM",744),("SK","SVK",703),("SL","SLE",694),("SM","SMR",674),
    ("SN","SEN",686),("SO","SOM",706),("SR","SUR",740),("SS","SSD",728),("ST","STP",678),("SV","SLV",222),
    ("SX","SXM",534),("SY","SYR",760),("SZ","SWZ",748),("TC","TCA",796),("TD","TCD",148),("TF","ATF",260),
    ("TG","TGO",768),("TH","THA",764),("TJ","TJK",762),("TK","TKL",772),("TL","TLS",626),("TM","TKM",795),
    ("TN","TUN",788),("TO","TON",776),("TR","TUR",792),("TT","TTO",780),("TV","TUV",798),("TW","TWN",158),
    ("TZ","TZA",834),("UA","UKR",804),("UG","UGA",800),("UM","UMI",581),("US","USA",840),("UY","URY",858),
    ("UZ","UZB",860),("VA","VAT",336),("VC","VCT",670),("VE","VEN",862),("VG","VGB",92),("VI","VIR",850),
    ("VN","VNM",704),("VU","VUT",548),("WF","WLF",876),("WS","WSM",882),("YE","YEM",887),("YT","MYT",175),
    ("ZA","ZAF",710),("ZM","ZMB",894),("ZW","ZWE",716),
];

/// Names as they come in orders of our region, in lower case and without accents.
const NAMES: [(&str, &str); 28] = [
    ("argentina", "AR"),
    ("bolivia", "BO"),
    ("brasil", "BR"),
    ("brazil", "BR"),
    ("canada", "CA"),
    ("chile", "CL"),
    ("colombia", "CO"),
    ("costa rica", "CR"),
    ("dominican republic", "DO"),
    ("ecuador", "EC"),
    ("el salvador", "SV"),
    ("espana", "ES"),
    ("estados unidos", "US"),
    ("guatemala", "GT"),
    ("honduras", "HN"),
    ("mexico", "MX"),
    ("nicaragua", "NI"),
    ("panama", "PA"),
    ("paraguay", "PY"),
    ("peru", "PE"),
    ("puerto rico", "PR"),
    ("republica dominicana", "DO"),
    ("spain", "ES"),
    ("united states", "US"),
    ("united states of america", "US"),
    ("uruguay", "UY"),
    ("venezuela", "VE"),
    ("united kingdom", "GB"),
];

impl Country {
    /// Reads alpha-2, alpha-3, the three-digit code, or a name of our region; case and accents do not matter.
    pub fn parse(text: &str) -> Result<Self, UnknownCountry> {
        let text = text.trim();
        let named = |name: &str| {
            NAMES
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, alpha2)| *alpha2)
        };
        let row = match text.len() {
            2 => Self::row(|row| row.0.eq_ignore_ascii_case(text)),
            3 if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                let number = text.parse::<u16>().map_err(|_| UnknownCountry)?;
                Self::row(|row| row.2 == number)
            }
            3 => Self::row(|row| row.1.eq_ignore_ascii_case(text)),
            _ => named(&plain(text)).and_then(|alpha2| Self::row(|row| row.0 == alpha2)),
        };
        row.map(|row| Self(row.2)).ok_or(UnknownCountry)
    }

    fn row(
        wanted: impl Fn(&(&str, &str, u16)) -> bool,
    ) -> Option<&'static (&'static str, &'static str, u16)> {
        COUNTRIES.iter().find(|row| wanted(row))
    }

    /// Two letters, `MX`.
    pub fn alpha2(self) -> &'static str {
        Self::row(|row| row.2 == self.0).map_or("", |row| row.0)
    }

    /// Three letters, `MEX`.
    pub fn alpha3(self) -> &'static str {
        Self::row(|row| row.2 == self.0).map_or("", |row| row.1)
    }

    /// Three digits, `484`, as EMV 3DS writes it.
    pub fn numeric3(self) -> String {
        format!("{:03}", self.0)
    }
}

fn plain(name: &str) -> String {
    name.to_lowercase()
        .chars()
        .map(|letter| match letter {
            'á' => 'a',
            'é' => 'e',
            'í' => 'i',
            'ó' => 'o',
            'ú' => 'u',
            'ñ' => 'n',
            other => other,
        })
        .collect()
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.alpha2())
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.alpha2())
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_country_is_the_same_country() {
        let mexico = Country::parse("MX").unwrap();
        for text in ["mx", "MEX", "484", "México", "MEXICO", " Mexico "] {
            assert_eq!(Country::parse(text), Ok(mexico), "{text}");
        }
        assert_eq!(mexico.numeric3(), "484");
        assert_eq!(Country::parse("AR").map(Country::numeric3), Ok("032".into()));
    }

    #[test]
    fn codes_are_in_order_and_unique() {
        assert!(COUNTRIES.is_sorted_by(|one, next| one.0 < next.0));
        let mut numbers: Vec<_> = COUNTRIES.iter().map(|row| row.2).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), COUNTRIES.len());
        let mut letters: Vec<_> = COUNTRIES.iter().map(|row| row.1).collect();
        letters.sort_unstable();
        letters.dedup();
        assert_eq!(letters.len(), COUNTRIES.len());
    }

    #[test]
    fn what_is_no_country_is_refused() {
        for text in ["", "XX", "ZZZ", "999", "Atlantis", "M€"] {
            assert_eq!(Country::parse(text), Err(UnknownCountry), "{text}");
        }
    }
}
