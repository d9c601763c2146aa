import { adcpEntry } from './adcp.ts'
import { adyenEntry } from './adyen.ts'
import { adyenPlatformEntry } from './adyen-platform.ts'
import { airtableEntry } from './airtable.ts'
import { alertmanagerEntry } from './alertmanager.ts'
import { asanaEntry } from './asana.ts'
import { awsSnsEntry } from './aws-sns.ts'
import { azureEventGridEntry } from './azure-event-grid.ts'
import { bitbucketEntry } from './bitbucket.ts'
import { braintreeEntry } from './braintree.ts'
import { calComEntry } from './cal-com.ts'
import { chargebeeEntry } from './chargebee.ts'
import { clerkEntry } from './clerk.ts'
import { cloudeventsEntry } from './cloudevents.ts'
import { contentfulEntry } from './contentful.ts'
import { datadogEntry } from './datadog.ts'
import { discordEntry } from './discord.ts'
import { dockerHubEntry } from './docker-hub.ts'
import { docusignEntry } from './docusign.ts'
import { dodopaymentsEntry } from './dodopayments.ts'
import { dropboxEntry } from './dropbox.ts'
import { figmaEntry } from './figma.ts'
import { genericEntry } from './generic.ts'
import { githubEntry } from './github.ts'
import { gitlabEntry } from './gitlab.ts'
import { googlePubsubEntry } from './google-pubsub.ts'
import { grafanaEntry } from './grafana.ts'
import { hubspotEntry } from './hubspot.ts'
import { intercomEntry } from './intercom.ts'
import { lineEntry } from './line.ts'
import { linearEntry } from './linear.ts'
import { mailgunEntry } from './mailgun.ts'
import { mandrillEntry } from './mandrill.ts'
import { metaEntry } from './meta.ts'
import { microsoftGraphEntry } from './microsoft-graph.ts'
import { mollieEntry } from './mollie.ts'
import { muxEntry } from './mux.ts'
import { notionEntry } from './notion.ts'
import { oktaEntry } from './okta.ts'
import { openaiEntry } from './openai.ts'
import { paddleEntry } from './paddle.ts'
import { pagerdutyEntry } from './pagerduty.ts'
import { paypalEntry } from './paypal.ts'
import { plaidEntry } from './plaid.ts'
import { polarEntry } from './polar.ts'
import { postmarkEntry } from './postmark.ts'
import { razorpayEntry } from './razorpay.ts'
import { recurlyEntry } from './recurly.ts'
import { resendEntry } from './resend.ts'
import { rfc9421Entry } from './rfc9421.ts'
import { salesforceOutboundEntry } from './salesforce-outbound.ts'
import { sanityEntry } from './sanity.ts'
import { sendgridEntry } from './sendgrid.ts'
import { sendgridInboundParseEntry } from './sendgrid-inbound-parse.ts'
import { sentryEntry } from './sentry.ts'
import { shopifyEntry } from './shopify.ts'
import { slackEntry } from './slack.ts'
import { squareEntry } from './square.ts'
import { standardWebhooksEntry } from './standard-webhooks.ts'
import { stripeEntry } from './stripe.ts'
import { supabaseAuthHooksEntry } from './supabase-auth-hooks.ts'
import { svixEntry } from './svix.ts'
import { telegramEntry } from './telegram.ts'
import { trelloEntry } from './trello.ts'
import { twilioEntry } from './twilio.ts'
import { twitchEntry } from './twitch.ts'
import { typeformEntry } from './typeform.ts'
import { vercelEntry } from './vercel.ts'
import { websubEntry } from './websub.ts'
import { wechatEntry } from './wechat.ts'
import { wecomEntry } from './wecom.ts'
import { woocommerceEntry } from './woocommerce.ts'
import { workosEntry } from './workos.ts'
import { xEntry } from './x.ts'
import { xeroEntry } from './xero.ts'
import { zendeskEntry } from './zendesk.ts'
import { zoomEntry } from './zoom.ts'
import type { CatalogueEntry } from './shared/entry.ts'

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
