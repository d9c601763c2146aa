import { adcpEntry } from './entries/adcp.ts'
import { adyenEntry } from './entries/adyen.ts'
import { adyenPlatformEntry } from './entries/adyen-platform.ts'
import { airtableEntry } from './entries/airtable.ts'
import { alertmanagerEntry } from './entries/alertmanager.ts'
import { asanaEntry } from './entries/asana.ts'
import { awsSnsEntry } from './entries/aws-sns.ts'
import { azureEventGridEntry } from './entries/azure-event-grid.ts'
import { bitbucketEntry } from './entries/bitbucket.ts'
import { braintreeEntry } from './entries/braintree.ts'
import { calComEntry } from './entries/cal-com.ts'
import { chargebeeEntry } from './entries/chargebee.ts'
import { clerkEntry } from './entries/clerk.ts'
import { cloudeventsEntry } from './entries/cloudevents.ts'
import { contentfulEntry } from './entries/contentful.ts'
import { datadogEntry } from './entries/datadog.ts'
import { discordEntry } from './entries/discord.ts'
import { dockerHubEntry } from './entries/docker-hub.ts'
import { docusignEntry } from './entries/docusign.ts'
import { dodopaymentsEntry } from './entries/dodopayments.ts'
import { dropboxEntry } from './entries/dropbox.ts'
import { figmaEntry } from './entries/figma.ts'
import { genericEntry } from './entries/generic.ts'
import { githubEntry } from './entries/github.ts'
import { gitlabEntry } from './entries/gitlab.ts'
import { googlePubsubEntry } from './entries/google-pubsub.ts'
import { grafanaEntry } from './entries/grafana.ts'
import { hubspotEntry } from './entries/hubspot.ts'
import { intercomEntry } from './entries/intercom.ts'
import { lineEntry } from './entries/line.ts'
import { linearEntry } from './entries/linear.ts'
import { mailgunEntry } from './entries/mailgun.ts'
import { mandrillEntry } from './entries/mandrill.ts'
import { metaEntry } from './entries/meta.ts'
import { microsoftGraphEntry } from './entries/microsoft-graph.ts'
import { mollieEntry } from './entries/mollie.ts'
import { muxEntry } from './entries/mux.ts'
import { notionEntry } from './entries/notion.ts'
import { oktaEntry } from './entries/okta.ts'
import { openaiEntry } from './entries/openai.ts'
import { paddleEntry } from './entries/paddle.ts'
import { pagerdutyEntry } from './entries/pagerduty.ts'
import { paypalEntry } from './entries/paypal.ts'
import { plaidEntry } from './entries/plaid.ts'
import { polarEntry } from './entries/polar.ts'
import { postmarkEntry } from './entries/postmark.ts'
import { razorpayEntry } from './entries/razorpay.ts'
import { recurlyEntry } from './entries/recurly.ts'
import { resendEntry } from './entries/resend.ts'
import { rfc9421Entry } from './entries/rfc9421.ts'
import { salesforceOutboundEntry } from './entries/salesforce-outbound.ts'
import { sanityEntry } from './entries/sanity.ts'
import { sendgridEntry } from './entries/sendgrid.ts'
import { sendgridInboundParseEntry } from './entries/sendgrid-inbound-parse.ts'
import { sentryEntry } from './entries/sentry.ts'
import { shopifyEntry } from './entries/shopify.ts'
import { slackEntry } from './entries/slack.ts'
import { squareEntry } from './entries/square.ts'
import { standardWebhooksEntry } from './entries/standard-webhooks.ts'
import { stripeEntry } from './entries/stripe.ts'
import { supabaseAuthHooksEntry } from './entries/supabase-auth-hooks.ts'
import { svixEntry } from './entries/svix.ts'
import { telegramEntry } from './entries/telegram.ts'
import { trelloEntry } from './entries/trello.ts'
import { twilioEntry } from './entries/twilio.ts'
import { twitchEntry } from './entries/twitch.ts'
import { typeformEntry } from './entries/typeform.ts'
import { vercelEntry } from './entries/vercel.ts'
import { websubEntry } from './entries/websub.ts'
import { wechatEntry } from './entries/wechat.ts'
import { wecomEntry } from './entries/wecom.ts'
import { woocommerceEntry } from './entries/woocommerce.ts'
import { workosEntry } from './entries/workos.ts'
import { xEntry } from './entries/x.ts'
import { xeroEntry } from './entries/xero.ts'
import { zendeskEntry } from './entries/zendesk.ts'
import { zoomEntry } from './entries/zoom.ts'
import type { CatalogueEntry } from './common/entry.ts'

// One line a provider, in the order of their names.
const ENTRIES: readonly CatalogueEntry[] = [
  adcpEntry,
  adyenEntry,
  adyenPlatformEntry,
  airtableEntry,
  alertmanagerEntry,
  asanaEntry,
  awsSnsEntry,
  azureEventGridEntry,
  bitbucketEntry,
  braintreeEntry,
  calComEntry,
  chargebeeEntry,
  clerkEntry,
  cloudeventsEntry,
  contentfulEntry,
  datadogEntry,
  discordEntry,
  dockerHubEntry,
  docusignEntry,
  dodopaymentsEntry,
  dropboxEntry,
  figmaEntry,
  genericEntry,
  githubEntry,
  gitlabEntry,
  googlePubsubEntry,
  grafanaEntry,
  hubspotEntry,
  intercomEntry,
  lineEntry,
  linearEntry,
  mailgunEntry,
  mandrillEntry,
  metaEntry,
  microsoftGraphEntry,
  mollieEntry,
  muxEntry,
  notionEntry,
  oktaEntry,
  openaiEntry,
  paddleEntry,
  pagerdutyEntry,
  paypalEntry,
  plaidEntry,
  polarEntry,
  postmarkEntry,
  razorpayEntry,
  recurlyEntry,
  resendEntry,
  rfc9421Entry,
  salesforceOutboundEntry,
  sanityEntry,
  sendgridEntry,
  sendgridInboundParseEntry,
  sentryEntry,
  shopifyEntry,
  slackEntry,
  squareEntry,
  standardWebhooksEntry,
  stripeEntry,
  supabaseAuthHooksEntry,
  svixEntry,
  telegramEntry,
  trelloEntry,
  twilioEntry,
  twitchEntry,
  typeformEntry,
  vercelEntry,
  websubEntry,
  wechatEntry,
  wecomEntry,
  woocommerceEntry,
  workosEntry,
  xEntry,
  xeroEntry,
  zendeskEntry,
  zoomEntry,
]

/**
 * Every provider by its name, for documentation, command lines and tests. It loads all of them: an app imports its
 * providers by subpath (`@postern/providers/github`).
 *
 * @example
 * const entry = catalogue.get('github')
 * const provider = entry?.create({ [entry.secretOption!]: process.env.WEBHOOK_SECRET })
 */
export const catalogue: ReadonlyMap<string, CatalogueEntry> = new Map(
  ENTRIES.map((entry) => [entry.name, entry]),
)
