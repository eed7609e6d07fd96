//! What is stored builds the same cache again.

use super::*;

fn again(ranges: &CardRanges) -> Result<CardRanges, Unusable> {
    let header = serde_json::to_string(ranges.header()).unwrap();
    let header: Header = serde_json::from_str(&header).unwrap();
    CardRanges::from_stored(header, ranges.stored().chunks())
}

#[test]
fn stored_chunks_build_the_same_cache() {
    let versions = [(V22, Some("https://acs.example/2.2")), (V231, None)];
    let ranges = full([
        listed(vec![range(START, START + 9)], &versions),
        entry(START + 10, START + 19, None, Some("https://acs.example/2.2")),
        CardRangeData {
            ds_protocol_versions: Some(SpokenVersions::listed([V22])),
            ..entry(START + 20, START + 29, None, None)
        },
    ]);
    assert_eq!(again(&ranges), Ok(ranges));
    assert_eq!(again(&CardRanges::default()), Ok(CardRanges::default()));
}

#[test]
fn a_cache_of_many_ranges_is_stored_in_chunks_that_fit_into_a_row_each() {
    let entries = (0..50_000_u64).map(|n| {
        let method = format!("https://acs.example/{}", n % 2_500);
        entry(START + n * 10, START + n * 10 + 9, None, Some(&method))
    });
    let ranges = full(entries);
    let sizes: Vec<_> = ranges
        .stored()
        .chunks()
        .map(|chunk| match chunk {
            StoredChunk::Attributes(bytes) | StoredChunk::Rows(bytes) => bytes.len(),
        })
        .collect();
    assert_eq!(sizes.len(), 3 + 3);
    assert!(sizes.iter().all(|size| *size <= 500_000), "{sizes:?}");
    assert_eq!(again(&ranges), Ok(ranges));
}

#[test]
fn chunks_that_do_not_fit_together_are_no_cache() {
    let ranges = loaded();
    let chunks = |keep: fn(&StoredChunk) -> bool| ranges.stored().chunks().filter(keep).collect::<Vec<_>>();
    let rows_alone = chunks(|chunk| matches!(chunk, StoredChunk::Rows(_)));
    let mut cut = rows_alone.clone();
    if let Some(StoredChunk::Rows(bytes)) = cut.first_mut() {
        bytes.pop();
    }
    let mut twice = chunks(|_| true);
    twice.extend(rows_alone.clone());
    for chunks in [
        rows_alone,
        cut,
        twice,
        vec![StoredChunk::Rows(Vec::new())],
        vec![StoredChunk::Attributes(b"{".to_vec())],
    ] {
        assert_eq!(CardRanges::from_stored(Header::default(), chunks), Err(Unusable));
    }
}
