//! The registry: every endpoint of the system, once.
//!
//! Files under `api/`, `[[bin]]` entries, `vercel.json` and the OpenAPI document follow from it; a
//! contract test compares them and, with `UPDATE=1`, rewrites them.

use axum::Router;
use axum::middleware::from_fn_with_state;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::accounts::{
    api_keys, audit_log, invitations, password_reset, second_factor, sign_in, users,
};
use crate::analytics::{
    attribution, data_quality, drop_off, export, funnel, heatmap, internal_traffic, journeys,
    overview, performance as speed, popular, price_distribution, real_time, retention,
    sessions as session_list, user_journey,
};
use crate::configurator::{catalog, catalog_admin, pricing};
use crate::customers::payments;
use crate::data_retention;
use crate::description::{complete, page};
use crate::http::{FreeObject, ProblemDocument, around, within_rate_limit};
use crate::jobs::{Job, admin as job_admin, cron};
use crate::monitoring::alerts::{admin as alerts, backtest, rules};
use crate::monitoring::{dead_letters, flags, health, system_health, system_performance};
use crate::notifications::{admin as notifications, subscriptions};
use crate::platform::App;
use crate::reports::{content as kept_report, list as kept_reports};
use crate::tracking::{journey, performance, session_updates, sessions, track};

/// What an endpoint is for, which decides its limits and its place in the compact deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Takes events; counts requests in its own round trip.
    Track,
    /// Read by the public.
    Read,
    /// For administrators.
    Admin,
    /// For the platform's cron.
    Cron,
}

impl Group {
    /// Every group.
    pub const ALL: [Self; 4] = [Self::Track, Self::Read, Self::Admin, Self::Cron];

    /// The name of the group's function in the compact deployment.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Track => "track",
            Self::Read => "read",
            Self::Admin => "admin",
            Self::Cron => "cron",
        }
    }
}

/// One endpoint: one function of the deployment.
#[derive(Clone, Copy)]
pub struct Endpoint {
    /// The name of its constant in this module.
    pub id: &'static str,
    /// The path under `/api/`, which is also the file under `api/`; a part that differs from call to call
    /// in braces.
    pub name: &'static str,
    /// What it is for.
    pub group: Group,
    /// Its routes with their documentation.
    pub routes: fn() -> OpenApiRouter<App>,
}

impl Endpoint {
    /// The public path.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/api/{}", self.name)
    }

    /// The job that it is the cron function of.
    #[must_use]
    pub fn job(&self) -> Option<&'static Job> {
        self.name.strip_prefix("cron/").and_then(Job::of_name)
    }
}

macro_rules! endpoint {
    ($(#[$doc:meta])* $id:ident, $name:literal, $group:ident, $($handler:path),+) => {
        $(#[$doc])*
        pub const $id: Endpoint = Endpoint {
            id: stringify!($id),
            name: $name,
            group: Group::$group,
            // A closure here would be compiled again into every function binary, with all below it.
            routes: {
                fn routes() -> OpenApiRouter<App> {
                    OpenApiRouter::new().routes(routes!($($handler),+))
                }
                routes
            },
        };
    };
}

endpoint!(
    /// Starts a session.
    SESSIONS, "sessions", Track, sessions::start_session
);
endpoint!(
    /// Takes an interaction or a batch.
    TRACK_INTERACTION, "sessions/track-interaction", Track, track::track_interaction
);
endpoint!(
    /// Takes a batch.
    TRACK_BATCH, "sessions/track-batch", Track, track::track_batch
);
endpoint!(
    /// Takes a choice of an option.
    TRACK, "sessions/track", Track, track::track_selection
);
endpoint!(
    /// Takes a configuration.
    SAVE_CONFIG, "sessions/save-config", Track, session_updates::save_config
);
endpoint!(
    /// Takes a configuration after a choice.
    SYNC, "sessions/sync", Track, session_updates::sync
);
endpoint!(
    /// Takes the end of a visit to a page.
    FINALIZE, "sessions/finalize", Track, session_updates::finalize
);
endpoint!(
    /// Takes what went into the cart.
    TRACK_CART_ADD, "sessions/track-cart-add", Track, session_updates::track_cart_add
);
endpoint!(
    /// Takes a payment as the browser reports it.
    TRACK_CONVERSION, "sessions/track-conversion", Track, session_updates::track_conversion
);
endpoint!(
    /// Takes the choice about cookies.
    UPDATE_CONSENT, "sessions/update-consent", Track, session_updates::update_consent
);
endpoint!(
    /// Takes personal data.
    UPDATE_USER_DATA, "sessions/update-user-data", Track, session_updates::update_user_data
);
endpoint!(
    /// Takes whether the cart holds the concept check alone.
    UPDATE_OHNE_NEST_MODE, "sessions/update-ohne-nest-mode", Track,
    session_updates::update_ohne_nest_mode
);
endpoint!(
    /// Takes performance measurements.
    TRACK_PERFORMANCE, "performance/track", Track, performance::track_performance
);
endpoint!(
    /// A session for its cart page.
    GET_SESSION, "sessions/get-session", Read, sessions::get_session
);
endpoint!(
    /// A session's interactions for its own client.
    GET_JOURNEY, "sessions/get-journey", Read, journey::get_journey
);
endpoint!(
    /// The prices that the configurator calculates with.
    PRICING_DATA, "pricing/data", Read, pricing::pricing_data
);
endpoint!(
    /// The price of a configuration.
    PRICING_CALCULATE, "pricing/calculate", Read, pricing::calculate_price
);
endpoint!(
    /// The options on offer, in the shape of the system before.
    HOUSE_OPTIONS, "house-options", Read, catalog::house_options
);
endpoint!(
    /// The catalogue in force.
    CATALOG, "catalog", Read, catalog::catalog
);
endpoint!(
    /// Liveness and health.
    HEALTH, "health", Read, health::health
);
endpoint!(
    /// How everything is that the system depends on.
    ADMIN_HEALTH, "admin/health", Admin, system_health::system_health
);
endpoint!(
    /// The description of this API.
    OPENAPI, "openapi.json", Read, openapi_json
);
endpoint!(
    /// The page that shows this description.
    DOCS, "docs", Read, page::docs
);
endpoint!(
    /// Live numbers.
    REAL_TIME, "admin/analytics/real-time", Admin, real_time::real_time
);
endpoint!(
    /// Headline numbers.
    OVERVIEW, "admin/analytics/overview", Admin, overview::overview
);
endpoint!(
    /// The ledger.
    DATA_QUALITY, "admin/analytics/data-quality", Admin, data_quality::data_quality
);
endpoint!(
    /// How far visits come.
    CONVERSION_FUNNEL, "admin/analytics/conversion-funnel", Admin, funnel::conversion_funnel
);
endpoint!(
    /// Popular configurations and options, and what configurations cost.
    POPULAR_CONFIGS, "admin/analytics/popular-configs", Admin, popular::popular_configs
);
endpoint!(
    /// To which visits conversions are owed.
    ATTRIBUTION, "admin/analytics/attribution", Admin, attribution::attribution
);
endpoint!(
    /// Who comes back, and how long things take.
    RETENTION, "admin/analytics/retention", Admin, retention::retention
);
endpoint!(
    /// Which ways visits take.
    JOURNEYS, "admin/analytics/journeys", Admin, journeys::journeys
);
endpoint!(
    /// Where visitors leave.
    DROP_OFF, "admin/analytics/dropoff", Admin, drop_off::drop_off
);
endpoint!(
    /// What configurations cost.
    PRICE_DISTRIBUTION, "admin/analytics/price-distribution", Admin,
    price_distribution::price_distribution
);
endpoint!(
    /// Web vitals and timers.
    PERFORMANCE, "admin/analytics/performance", Admin, speed::performance
);
endpoint!(
    /// Clicks, scroll depths and friction.
    HEATMAP, "admin/analytics/heatmap", Admin, heatmap::heatmap
);
endpoint!(
    /// How fast the system answers.
    SYSTEM_PERFORMANCE, "admin/monitoring/performance", Admin,
    system_performance::system_performance
);
endpoint!(
    /// Sessions listed and searched.
    SESSION_LIST, "admin/analytics/sessions", Admin, session_list::list_sessions
);
endpoint!(
    /// What happened in one session.
    USER_JOURNEY, "admin/analytics/user-journey", Admin, user_journey::user_journey
);
endpoint!(
    /// Reports as files.
    EXPORT, "admin/analytics/export", Admin, export::export
);
endpoint!(
    /// Reports that were kept.
    REPORTS, "admin/reports", Admin, kept_reports::list_reports
);
endpoint!(
    /// One of them.
    REPORT_CONTENT, "admin/reports/content", Admin, kept_report::report_content
);
endpoint!(
    /// Rules about the maker's own people.
    INTERNAL_TRAFFIC, "admin/internal-traffic", Admin,
    internal_traffic::get_internal_traffic, internal_traffic::put_internal_traffic
);
endpoint!(
    /// Takes payments as the provider reports them.
    PAYMENTS, "admin/payments", Admin, payments::record_payment
);
endpoint!(
    /// Signs in.
    LOGIN, "admin/auth/login", Read, sign_in::login
);
endpoint!(
    /// Signs out.
    LOGOUT, "admin/auth/logout", Admin, sign_in::logout
);
endpoint!(
    /// Who is signed in.
    ME, "admin/auth/me", Admin, sign_in::me
);
endpoint!(
    /// Changes one's own password.
    PASSWORD, "admin/auth/password", Admin, sign_in::change_password
);
endpoint!(
    /// One's own sessions.
    OWN_SESSIONS, "admin/auth/sessions", Admin,
    sign_in::own_sessions, sign_in::end_own_sessions
);
endpoint!(
    /// Opens an account by its invitation.
    ACCEPT_INVITATION, "admin/auth/accept-invitation", Read, invitations::accept_invitation
);
endpoint!(
    /// Mails a link to another password.
    FORGOT_PASSWORD, "admin/auth/forgot-password", Read, password_reset::forgot_password
);
endpoint!(
    /// Sets another password by such a link.
    RESET_PASSWORD, "admin/auth/reset-password", Read, password_reset::reset_password
);
endpoint!(
    /// One's own second factor.
    TOTP, "admin/auth/totp", Admin,
    second_factor::begin_totp, second_factor::confirm_totp, second_factor::end_totp
);
endpoint!(
    /// New recovery codes.
    RECOVERY_CODES, "admin/auth/recovery-codes", Admin, second_factor::make_recovery_codes
);
endpoint!(
    /// Accounts of administrators.
    USERS, "admin/users", Admin, users::list_users, invitations::make_user, users::change_user
);
endpoint!(
    /// Invites to an account again.
    USERS_INVITE, "admin/users/invite", Admin, invitations::invite
);
endpoint!(
    /// Keys for programs.
    API_KEYS, "admin/api-keys", Admin,
    api_keys::list_api_keys, api_keys::make_api_key, api_keys::revoke_api_key
);
endpoint!(
    /// What administrators did.
    AUDIT_LOG, "admin/audit", Admin, audit_log::audit_log
);
endpoint!(
    /// The catalogue for administrators.
    ADMIN_CATALOG, "admin/catalog", Admin,
    catalog_admin::get_catalog, catalog_admin::put_catalog
);
endpoint!(
    /// Returns to an earlier catalogue.
    ADMIN_CATALOG_ROLLBACK, "admin/catalog/rollback", Admin, catalog_admin::rollback_catalog
);
endpoint!(
    /// Every version of the catalogue.
    ADMIN_CATALOG_HISTORY, "admin/catalog/history", Admin, catalog_admin::catalog_history
);
endpoint!(
    /// Which kinds of tracking are on.
    FLAGS, "admin/flags", Admin, flags::get_flags, flags::put_flags
);
endpoint!(
    /// Every job and its last runs.
    JOBS, "admin/jobs", Admin, job_admin::list_jobs
);
endpoint!(
    /// Runs a job by hand.
    JOB_RUN, "admin/jobs/{name}/run", Admin, job_admin::run_job
);
endpoint!(
    /// Events that were not stored.
    DEAD_LETTERS, "admin/dead-letters", Admin, dead_letters::list_dead_letters
);
endpoint!(
    /// Sends them again.
    DEAD_LETTERS_REPLAY, "admin/dead-letters/replay", Admin, dead_letters::replay_dead_letters
);
endpoint!(
    /// What is wrong, and what was.
    ALERTS, "admin/alerts", Admin, alerts::list_alerts
);
endpoint!(
    /// Says that somebody knows of an alert.
    ALERTS_ACKNOWLEDGE, "admin/alerts/acknowledge", Admin, alerts::acknowledge_alert
);
endpoint!(
    /// Mutes a rule of alerts.
    ALERTS_MUTE, "admin/alerts/mute", Admin, rules::mute_alert_rule
);
endpoint!(
    /// The rules of alerts, and setting one.
    ALERTS_RULES, "admin/alerts/rules", Admin, rules::get_alert_rules, rules::put_alert_rule
);
endpoint!(
    /// How often a rule would have fired.
    ALERTS_BACKTEST, "admin/alerts/backtest", Admin, backtest::backtest
);
endpoint!(
    /// Messages to administrators.
    NOTIFICATIONS, "admin/notifications", Admin, notifications::list_notifications
);
endpoint!(
    /// Who gets which messages.
    NOTIFICATIONS_SUBSCRIPTIONS, "admin/notifications/subscriptions", Admin,
    subscriptions::get_subscriptions, subscriptions::put_subscriptions
);
endpoint!(
    /// A message to try whether messages arrive.
    NOTIFICATIONS_TEST, "admin/notifications/test", Admin, notifications::test_notification
);
endpoint!(
    /// What would go by age.
    RETENTION_PREVIEW, "admin/retention", Admin, data_retention::preview_retention
);
endpoint!(
    /// Drains configurations.
    SYNC_CONFIGURATIONS, "cron/sync-configurations", Cron, cron::sync_configurations
);
endpoint!(
    /// Drains interactions.
    SYNC_INTERACTIONS, "cron/sync-interactions", Cron, cron::sync_interactions
);
endpoint!(
    /// Drains performance measurements.
    SYNC_PERFORMANCE, "cron/sync-performance", Cron, cron::sync_performance
);
endpoint!(
    /// Makes the reports of popular configurations.
    POPULAR_CONFIGURATIONS, "cron/popular-configurations", Cron, cron::popular_configurations
);
endpoint!(
    /// Brings visits and roll-ups up to date, and restates days.
    AGGREGATE_DAILY, "cron/aggregate-daily", Cron, cron::aggregate_daily
);
endpoint!(
    /// Evaluates the rules of alerts.
    EVALUATE_ALERTS, "cron/evaluate-alerts", Cron, cron::evaluate_alerts
);
endpoint!(
    /// Sends messages to administrators.
    SEND_NOTIFICATIONS, "cron/send-notifications", Cron, cron::send_notifications
);
endpoint!(
    /// Makes partitions ahead of time.
    PARTITIONS, "cron/partitions", Cron, cron::partitions
);
endpoint!(
    /// Removes what is older than it is kept.
    RETENTION_RUN, "cron/retention", Cron, cron::run_retention
);
endpoint!(
    /// Keeps the summary of the day before.
    DAILY_SUMMARY, "cron/daily-summary", Cron, cron::daily_summary
);
endpoint!(
    /// Keeps and mails how visitors behaved in the week before.
    WEEKLY_CUSTOMER_BEHAVIOUR, "cron/weekly-customer-behaviour", Cron,
    cron::weekly_customer_behaviour
);
endpoint!(
    /// Keeps and mails revenue and conversion of the month before.
    MONTHLY_REVENUE_CONVERSION, "cron/monthly-revenue-conversion", Cron,
    cron::monthly_revenue_conversion
);
endpoint!(
    /// Brings the hours of measurements up to date.
    PERFORMANCE_ROLLUP, "cron/performance-rollup", Cron, cron::performance_rollup
);

/// Every endpoint.
pub const ALL: &[Endpoint] = &[
    SESSIONS,
    TRACK_INTERACTION,
    TRACK_BATCH,
    TRACK,
    SAVE_CONFIG,
    SYNC,
    FINALIZE,
    TRACK_CART_ADD,
    TRACK_CONVERSION,
    UPDATE_CONSENT,
    UPDATE_USER_DATA,
    UPDATE_OHNE_NEST_MODE,
    TRACK_PERFORMANCE,
    GET_SESSION,
    GET_JOURNEY,
    PRICING_DATA,
    PRICING_CALCULATE,
    HOUSE_OPTIONS,
    CATALOG,
    HEALTH,
    OPENAPI,
    DOCS,
    REAL_TIME,
    OVERVIEW,
    DATA_QUALITY,
    CONVERSION_FUNNEL,
    POPULAR_CONFIGS,
    ATTRIBUTION,
    RETENTION,
    JOURNEYS,
    DROP_OFF,
    PRICE_DISTRIBUTION,
    PERFORMANCE,
    HEATMAP,
    ADMIN_HEALTH,
    SYSTEM_PERFORMANCE,
    SESSION_LIST,
    USER_JOURNEY,
    EXPORT,
    REPORTS,
    REPORT_CONTENT,
    INTERNAL_TRAFFIC,
    PAYMENTS,
    LOGIN,
    LOGOUT,
    ME,
    PASSWORD,
    OWN_SESSIONS,
    ACCEPT_INVITATION,
    FORGOT_PASSWORD,
    RESET_PASSWORD,
    TOTP,
    RECOVERY_CODES,
    USERS,
    USERS_INVITE,
    API_KEYS,
    AUDIT_LOG,
    ADMIN_CATALOG,
    ADMIN_CATALOG_ROLLBACK,
    ADMIN_CATALOG_HISTORY,
    FLAGS,
    JOBS,
    JOB_RUN,
    DEAD_LETTERS,
    DEAD_LETTERS_REPLAY,
    ALERTS,
    ALERTS_ACKNOWLEDGE,
    ALERTS_MUTE,
    ALERTS_RULES,
    ALERTS_BACKTEST,
    NOTIFICATIONS,
    NOTIFICATIONS_SUBSCRIPTIONS,
    NOTIFICATIONS_TEST,
    RETENTION_PREVIEW,
    SYNC_CONFIGURATIONS,
    SYNC_INTERACTIONS,
    SYNC_PERFORMANCE,
    POPULAR_CONFIGURATIONS,
    AGGREGATE_DAILY,
    EVALUATE_ALERTS,
    SEND_NOTIFICATIONS,
    PARTITIONS,
    RETENTION_RUN,
    DAILY_SUMMARY,
    WEEKLY_CUSTOMER_BEHAVIOUR,
    MONTHLY_REVENUE_CONVERSION,
    PERFORMANCE_ROLLUP,
];

/// The endpoints of a group, which the compact deployment serves from one function.
#[must_use]
pub fn of_group(group: Group) -> Vec<Endpoint> {
    ALL.iter().filter(|endpoint| endpoint.group == group).copied().collect()
}

/// The routes of some endpoints with everything that surrounds them.
pub fn router(endpoints: &[Endpoint], app: &App) -> Router {
    let mut all = Router::new();
    for endpoint in endpoints {
        let (routes, _) = (endpoint.routes)().split_for_parts();
        let limited = matches!(endpoint.group, Group::Read | Group::Admin);
        all = all.merge(if limited {
            routes.route_layer(from_fn_with_state(app.clone(), within_rate_limit))
        } else {
            routes
        });
    }
    around(all, app)
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "NEST-Haus",
        description = "Tracking, analytics and operations of the NEST-Haus configurator."
    ),
    components(schemas(ProblemDocument)),
    tags(
        (name = "tracking", description = "Events in, from the configurator."),
        (name = "sessions", description = "A session's configuration, cart and personal data."),
        (name = "configurator", description = "The catalogue, its price lists, and prices."),
        (name = "analytics", description = "Reports for administrators."),
        (name = "customers", description = "Payments."),
        (name = "accounts", description = "Administrators, their sessions and API keys."),
        (name = "operations", description = "Health and this description."),
        (name = "cron", description = "Jobs that the platform's cron starts."),
    )
)]
struct ApiDescription;

/// The OpenAPI document of all endpoints.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut router = OpenApiRouter::<App>::with_openapi(ApiDescription::openapi());
    for endpoint in ALL {
        router = router.merge((endpoint.routes)());
    }
    let mut document = router.into_openapi();
    complete(&mut document, ALL);
    document
}

/// The description of this API.
#[utoipa::path(
    get, path = "/api/openapi.json", tag = "operations",
    responses((status = 200, description = "The OpenAPI document.", body = FreeObject))
)]
async fn openapi_json() -> axum::Json<utoipa::openapi::OpenApi> {
    axum::Json(openapi())
}
