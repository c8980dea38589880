//! Vercel function for `POST /api/sessions/track-cart-add`.

fn main() -> std::process::ExitCode {
    host_vercel::serve(nest_haus::endpoints::TRACK_CART_ADD)
}
