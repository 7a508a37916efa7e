use domain::RegionCode;

/// A region as text, without the zeroes that pad it.
pub(crate) fn region_text(region: &RegionCode) -> &str {
    let end = region.0.iter().position(|&byte| byte == 0).unwrap_or(region.0.len());
    std::str::from_utf8(&region.0[..end]).unwrap_or("INTL")
}

pub(crate) fn region_from_text(text: &str) -> Option<RegionCode> {
    let mut code = [0; 4];
    code.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
    text.is_ascii().then_some(RegionCode(code))
}
