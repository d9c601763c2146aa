// Written by `node packages/providers/test/write.ts` from the files beside it.
import type { About } from '@postern/core/scheme'
import { adcp } from './adcp.ts'
import { adyen } from './adyen.ts'
import { adyenPlatform } from './adyen-platform.ts'
import { airtable } from './airtable.ts'
import { alertmanager } from './alertmanager.ts'
import { asana } from './asana.ts'
import { awsSns } from './aws-sns.ts'
import { azureEventGrid } from './azure-event-grid.ts'
import { bitbucket } from './bitbucket.ts'
import { braintree } from './braintree.ts'
import { calCom } from './cal-com.ts'
import { chargebee } from './chargebee.ts'
import { clerk } from './clerk.ts'
import { cloudevents } from './cloudevents.ts'
import { contentful } from './contentful.ts'
import { datadog } from './datadog.ts'
import { discord } from './discord.ts'
import { dockerHub } from './docker-hub.ts'
import { docusign } from './docusign.ts'
import { dodopayments } from './dodopayments.ts'
import { dropbox } from './dropbox.ts'
import { figma } from './figma.ts'
import { generic } from './generic.ts'
import { github } from './github.ts'
import { gitlab } from './gitlab.ts'
import { googlePubsub } from './google-pubsub.ts'
import { grafana } from './grafana.ts'
import { hubspot } from './hubspot.ts'
import { intercom } from './intercom.ts'
import { line } from './line.ts'
import { linear } from './linear.ts'
import { mailgun } from './mailgun.ts'
import { mandrill } from './mandrill.ts'
import { meta } from './meta.ts'
import { microsoftGraph } from './microsoft-graph.ts'
import { mollie } from './mollie.ts'
import { mux } from './mux.ts'
import { notion } from './notion.ts'
import { okta } from './okta.ts'
import { openai } from './openai.ts'
import { paddle } from './paddle.ts'
import { pagerduty } from './pagerduty.ts'
import { paypal } from './paypal.ts'
import { plaid } from './plaid.ts'
import { polar } from './polar.ts'
import { postmark } from './postmark.ts'
import { razorpay } from './razorpay.ts'
import { recurly } from './recurly.ts'
import { resend } from './resend.ts'
import { rfc9421 } from './rfc9421.ts'
import { salesforceOutbound } from './salesforce-outbound.ts'
import { sanity } from './sanity.ts'
import { sendgrid } from './sendgrid.ts'
import { sendgridInboundParse } from './sendgrid-inbound-parse.ts'
import { sentry } from './sentry.ts'
import { shopify } from './shopify.ts'
import { slack } from './slack.ts'
import { square } from './square.ts'
import { standardWebhooks } from './standard-webhooks.ts'
import { stripe } from './stripe.ts'
import { supabaseAuthHooks } from './supabase-auth-hooks.ts'
import { svix } from './svix.ts'
import { telegram } from './telegram.ts'
import { trello } from './trello.ts'
import { twilio } from './twilio.ts'
import { twitch } from './twitch.ts'
import { typeform } from './typeform.ts'
import { vercel } from './vercel.ts'
import { websub } from './websub.ts'
import { wechat } from './wechat.ts'
import { wecom } from './wecom.ts'
import { woocommerce } from './woocommerce.ts'
import { workos } from './workos.ts'
import { x } from './x.ts'
import { xero } from './xero.ts'
import { zendesk } from './zendesk.ts'
import { zoom } from './zoom.ts'

const FACTORIES: readonly { readonly about: About }[] = [
  adcp,
  adyen,
  adyenPlatform,
  airtable,
  alertmanager,
  asana,
  awsSns,
  azureEventGrid,
  bitbucket,
  braintree,
  calCom,
  chargebee,
  clerk,
  cloudevents,
  contentful,
  datadog,
  discord,
  dockerHub,
  docusign,
  dodopayments,
  dropbox,
  figma,
  generic,
  github,
  gitlab,
  googlePubsub,
  grafana,
  hubspot,
  intercom,
  line,
  linear,
  mailgun,
  mandrill,
  meta,
  microsoftGraph,
  mollie,
  mux,
  notion,
  okta,
  openai,
  paddle,
  pagerduty,
  paypal,
  plaid,
  polar,
  postmark,
  razorpay,
  recurly,
  resend,
  rfc9421,
  salesforceOutbound,
  sanity,
  sendgrid,
  sendgridInboundParse,
  sentry,
  shopify,
  slack,
  square,
  standardWebhooks,
  stripe,
  supabaseAuthHooks,
  svix,
  telegram,
  trello,
  twilio,
  twitch,
  typeform,
  vercel,
  websub,
  wechat,
  wecom,
  woocommerce,
  workos,
  x,
  xero,
  zendesk,
  zoom,
]

/**
 * Every provider by its name, for documentation, command lines and tests. It loads all of them: an app imports its
 * providers by subpath (`@postern/providers/github`).
 *
 * @example
 * const about = catalogue.get('github')
 * const provider = about?.create({ [about.secretOption!]: process.env.WEBHOOK_SECRET })
 */
export const catalogue: ReadonlyMap<string, About> = new Map(
  FACTORIES.map(({ about }) => [about.name, about]),
)
