// Written by `node packages/providers/test/write.ts` from the files beside it.
import type { About } from '@postern/core/scheme'
import { adcp } from './adcp.ts'
import { adyen } from './adyen.ts'
import { adyenPlatform } from './adyen-platform.ts'
import { affirm } from './affirm.ts'
import { aftership } from './aftership.ts'
import { airship } from './airship.ts'
import { airtable } from './airtable.ts'
import { airwallex } from './airwallex.ts'
import { alertmanager } from './alertmanager.ts'
import { anthropic } from './anthropic.ts'
import { asana } from './asana.ts'
import { ashby } from './ashby.ts'
import { attio } from './attio.ts'
import { authorizeNet } from './authorize-net.ts'
import { autodeskAps } from './autodesk-aps.ts'
import { awsSns } from './aws-sns.ts'
import { azureEventGrid } from './azure-event-grid.ts'
import { bird } from './bird.ts'
import { bitbucket } from './bitbucket.ts'
import { box } from './box.ts'
import { braintree } from './braintree.ts'
import { brex } from './brex.ts'
import { buildkite } from './buildkite.ts'
import { calCom } from './cal-com.ts'
import { calendly } from './calendly.ts'
import { chargebee } from './chargebee.ts'
import { checkoutCom } from './checkout-com.ts'
import { checkr } from './checkr.ts'
import { circleci } from './circleci.ts'
import { clerk } from './clerk.ts'
import { clickup } from './clickup.ts'
import { close } from './close.ts'
import { cloudevents } from './cloudevents.ts'
import { cloudflareAccess } from './cloudflare-access.ts'
import { coinbaseCommerce } from './coinbase-commerce.ts'
import { configcat } from './configcat.ts'
import { contentful } from './contentful.ts'
import { cronofy } from './cronofy.ts'
import { cursor } from './cursor.ts'
import { customerIo } from './customer-io.ts'
import { datadog } from './datadog.ts'
import { discord } from './discord.ts'
import { dockerHub } from './docker-hub.ts'
import { docusign } from './docusign.ts'
import { dodopayments } from './dodopayments.ts'
import { doppler } from './doppler.ts'
import { dropbox } from './dropbox.ts'
import { dropboxSign } from './dropbox-sign.ts'
import { dub } from './dub.ts'
import { dwolla } from './dwolla.ts'
import { easypost } from './easypost.ts'
import { elevenlabs } from './elevenlabs.ts'
import { etsy } from './etsy.ts'
import { fal } from './fal.ts'
import { figma } from './figma.ts'
import { finch } from './finch.ts'
import { flutterwave } from './flutterwave.ts'
import { framer } from './framer.ts'
import { front } from './front.ts'
import { fusionauth } from './fusionauth.ts'
import { gemini } from './gemini.ts'
import { generic } from './generic.ts'
import { ghost } from './ghost.ts'
import { github } from './github.ts'
import { gitlab } from './gitlab.ts'
import { gocardless } from './gocardless.ts'
import { googleCloudTasks } from './google-cloud-tasks.ts'
import { googlePubsub } from './google-pubsub.ts'
import { grafana } from './grafana.ts'
import { helpScout } from './help-scout.ts'
import { heroku } from './heroku.ts'
import { hookdeckGateway } from './hookdeck-gateway.ts'
import { hubspot } from './hubspot.ts'
import { incidentIo } from './incident-io.ts'
import { increase } from './increase.ts'
import { intercom } from './intercom.ts'
import { jira } from './jira.ts'
import { keygen } from './keygen.ts'
import { klaviyo } from './klaviyo.ts'
import { knock } from './knock.ts'
import { launchdarkly } from './launchdarkly.ts'
import { lemonSqueezy } from './lemon-squeezy.ts'
import { line } from './line.ts'
import { linear } from './linear.ts'
import { lithic } from './lithic.ts'
import { livekit } from './livekit.ts'
import { lob } from './lob.ts'
import { loops } from './loops.ts'
import { mailgun } from './mailgun.ts'
import { mandrill } from './mandrill.ts'
import { mercadoPago } from './mercado-pago.ts'
import { merge } from './merge.ts'
import { meta } from './meta.ts'
import { microsoftGraph } from './microsoft-graph.ts'
import { modernTreasury } from './modern-treasury.ts'
import { mollie } from './mollie.ts'
import { monday } from './monday.ts'
import { mongodbAtlas } from './mongodb-atlas.ts'
import { mux } from './mux.ts'
import { netlify } from './netlify.ts'
import { notion } from './notion.ts'
import { nylas } from './nylas.ts'
import { okta } from './okta.ts'
import { onfleet } from './onfleet.ts'
import { openai } from './openai.ts'
import { orb } from './orb.ts'
import { paddle } from './paddle.ts'
import { pagerduty } from './pagerduty.ts'
import { pandadoc } from './pandadoc.ts'
import { paypal } from './paypal.ts'
import { paystack } from './paystack.ts'
import { persona } from './persona.ts'
import { plaid } from './plaid.ts'
import { plivo } from './plivo.ts'
import { polar } from './polar.ts'
import { postmark } from './postmark.ts'
import { pusher } from './pusher.ts'
import { qstashGateway } from './qstash-gateway.ts'
import { quickbooks } from './quickbooks.ts'
import { razorpay } from './razorpay.ts'
import { recallAi } from './recall-ai.ts'
import { recurly } from './recurly.ts'
import { render } from './render.ts'
import { replicate } from './replicate.ts'
import { resend } from './resend.ts'
import { retell } from './retell.ts'
import { revenuecat } from './revenuecat.ts'
import { rfc9421 } from './rfc9421.ts'
import { salesforceOutbound } from './salesforce-outbound.ts'
import { sanity } from './sanity.ts'
import { segment } from './segment.ts'
import { sendbird } from './sendbird.ts'
import { sendgrid } from './sendgrid.ts'
import { sendgridInboundParse } from './sendgrid-inbound-parse.ts'
import { sentry } from './sentry.ts'
import { shippo } from './shippo.ts'
import { shopify } from './shopify.ts'
import { sinch } from './sinch.ts'
import { slack } from './slack.ts'
import { smartsheet } from './smartsheet.ts'
import { square } from './square.ts'
import { squarespace } from './squarespace.ts'
import { standardWebhooks } from './standard-webhooks.ts'
import { stream } from './stream.ts'
import { stripe } from './stripe.ts'
import { stytch } from './stytch.ts'
import { supabaseAuthHooks } from './supabase-auth-hooks.ts'
import { svix } from './svix.ts'
import { tally } from './tally.ts'
import { teamsOutgoing } from './teams-outgoing.ts'
import { telegram } from './telegram.ts'
import { telnyx } from './telnyx.ts'
import { terraformCloud } from './terraform-cloud.ts'
import { tiktok } from './tiktok.ts'
import { trello } from './trello.ts'
import { twilio } from './twilio.ts'
import { twitch } from './twitch.ts'
import { typeform } from './typeform.ts'
import { vanta } from './vanta.ts'
import { vercel } from './vercel.ts'
import { vonage } from './vonage.ts'
import { webflow } from './webflow.ts'
import { websub } from './websub.ts'
import { wechat } from './wechat.ts'
import { wecom } from './wecom.ts'
import { wise } from './wise.ts'
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
  affirm,
  aftership,
  airship,
  airtable,
  airwallex,
  alertmanager,
  anthropic,
  asana,
  ashby,
  attio,
  authorizeNet,
  autodeskAps,
  awsSns,
  azureEventGrid,
  bird,
  bitbucket,
  box,
  braintree,
  brex,
  buildkite,
  calCom,
  calendly,
  chargebee,
  checkoutCom,
  checkr,
  circleci,
  clerk,
  clickup,
  close,
  cloudevents,
  cloudflareAccess,
  coinbaseCommerce,
  configcat,
  contentful,
  cronofy,
  cursor,
  customerIo,
  datadog,
  discord,
  dockerHub,
  docusign,
  dodopayments,
  doppler,
  dropbox,
  dropboxSign,
  dub,
  dwolla,
  easypost,
  elevenlabs,
  etsy,
  fal,
  figma,
  finch,
  flutterwave,
  framer,
  front,
  fusionauth,
  gemini,
  generic,
  ghost,
  github,
  gitlab,
  gocardless,
  googleCloudTasks,
  googlePubsub,
  grafana,
  helpScout,
  heroku,
  hookdeckGateway,
  hubspot,
  incidentIo,
  increase,
  intercom,
  jira,
  keygen,
  klaviyo,
  knock,
  launchdarkly,
  lemonSqueezy,
  line,
  linear,
  lithic,
  livekit,
  lob,
  loops,
  mailgun,
  mandrill,
  mercadoPago,
  merge,
  meta,
  microsoftGraph,
  modernTreasury,
  mollie,
  monday,
  mongodbAtlas,
  mux,
  netlify,
  notion,
  nylas,
  okta,
  onfleet,
  openai,
  orb,
  paddle,
  pagerduty,
  pandadoc,
  paypal,
  paystack,
  persona,
  plaid,
  plivo,
  polar,
  postmark,
  pusher,
  qstashGateway,
  quickbooks,
  razorpay,
  recallAi,
  recurly,
  render,
  replicate,
  resend,
  retell,
  revenuecat,
  rfc9421,
  salesforceOutbound,
  sanity,
  segment,
  sendbird,
  sendgrid,
  sendgridInboundParse,
  sentry,
  shippo,
  shopify,
  sinch,
  slack,
  smartsheet,
  square,
  squarespace,
  standardWebhooks,
  stream,
  stripe,
  stytch,
  supabaseAuthHooks,
  svix,
  tally,
  teamsOutgoing,
  telegram,
  telnyx,
  terraformCloud,
  tiktok,
  trello,
  twilio,
  twitch,
  typeform,
  vanta,
  vercel,
  vonage,
  webflow,
  websub,
  wechat,
  wecom,
  wise,
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
