import type { CatalogueEntry } from '../../providers/src/index.ts'
import { senders } from '../../registrar/src/catalogue.ts'
import type { Page } from './page.ts'
import { slugOf } from './provider.ts'

/** What people use each provider for. A test holds that each provider has one use. */
const USES: Readonly<Record<string, string>> = {
  Payments:
    'adyen adyen-platform affirm airwallex authorize-net braintree checkout-com coinbase-commerce flutterwave gocardless mercado-pago mollie paypal paystack razorpay square stripe',
  'Billing and subscriptions':
    'chargebee dodopayments keygen lemon-squeezy orb paddle polar recurly revenuecat',
  'Banking and accounting':
    'brex dwolla increase lithic modern-treasury plaid quickbooks wise xero',
  'Commerce and shipping':
    'aftership easypost etsy lob onfleet shippo shopify squarespace woocommerce',
  'Source control and delivery':
    'bitbucket buildkite circleci configcat cursor docker-hub doppler github gitlab launchdarkly terraform-cloud',
  'Hosting and cloud':
    'aws-sns azure-event-grid google-cloud-tasks google-pubsub heroku mongodb-atlas netlify render vercel',
  'Monitoring and incidents': 'alertmanager datadog grafana incident-io pagerduty sentry',
  'Chat and meetings':
    'discord line livekit pusher recall-ai sendbird slack stream teams-outgoing telegram wechat wecom zoom',
  'SMS and voice': 'bird plivo retell sinch telnyx twilio vonage',
  'E-mail and marketing':
    'adcp airship customer-io dub klaviyo knock loops mailgun mandrill nylas postmark resend segment sendgrid sendgrid-inbound-parse',
  'Social and video': 'meta mux tiktok twitch websub x',
  'Customers and support':
    'attio close front help-scout hubspot intercom salesforce-outbound zendesk',
  'Projects and calendars':
    'airtable asana cal.com calendly clickup cronofy jira linear microsoft-graph monday notion smartsheet trello',
  'Documents and signatures': 'autodesk-aps box docusign dropbox dropbox-sign pandadoc',
  'Sites, forms and content': 'contentful figma framer ghost sanity tally typeform webflow',
  Identity: 'cloudflare-access clerk fusionauth okta stytch supabase-auth-hooks workos',
  'People and checks': 'ashby checkr finch merge persona vanta',
  AI: 'anthropic elevenlabs fal gemini openai replicate',
  'Standards and gateways':
    'cloudevents generic hookdeck-gateway qstash-gateway rfc9421 standard-webhooks svix',
}

/** The use of each provider, in the order of the page. */
export const uses: readonly (readonly [use: string, names: readonly string[]])[] = Object.entries(
  USES,
).map(([use, names]) => [use, names.split(' ')])

/** What the filter can ask for, by the word of a row. */
const FACTS = {
  time: 'signs a time',
  again: 'delivers again',
  challenge: 'sends a challenge',
  registers: 'can be registered by command',
} as const

/** The providers by use, with a search and filters. */
export function providersIndex(abouts: readonly CatalogueEntry[]): Page {
  const apis = new Set([...senders.values()].map(({ provider }) => provider))
  const rowOf = (about: CatalogueEntry) => ({
    title: about.title,
    href: `/providers/${slugOf(about)}/`,
    kind: kindOf(about.scheme),
    facts: [
      ...(typeof about.tolerance === 'number' ? ['time'] : []),
      ...(typeof about.delivers.retries === 'number' && about.delivers.retries > 0
        ? ['again']
        : []),
      ...(about.handshakes.length > 0 ? ['challenge'] : []),
      ...(apis.has(about.name) ? ['registers'] : []),
    ],
  })
  const groups = uses.map(([use, names]) => ({
    use,
    rows: abouts.filter(({ name }) => names.includes(name)).map(rowOf),
  }))
  const kinds = [...new Set(groups.flatMap(({ rows }) => rows.map(({ kind }) => kind)))].toSorted()
  return {
    slug: 'providers',
    title: 'Providers',
    description: `${abouts.length} provider presets by use: how each one signs, retries and is set up.`,
    text: groups
      .map(
        ({ use, rows }) =>
          `## ${use}\n\n${rows.map(({ title, href, kind }) => `- [${title}](${href}): ${kind}`).join('\n')}`,
      )
      .join('\n\n'),
    mdx: [
      "import Filter from '../../components/filter.astro'",
      filterForm(kinds),
      ...groups.map(
        ({ use, rows }) =>
          `## ${use}\n\n<ul class="uses">\n${rows
            .map(
              ({ title, href, kind, facts }) =>
                `<li data-kind="${kind}" data-facts="${facts.join(' ')}"><a href="${href}">{${JSON.stringify(title)}}</a><span>${kind}</span></li>`,
            )
            .join('\n')}\n</ul>`,
      ),
      'For a custom provider without a preset, [`generic`](/providers/generic/) verifies each scheme that the others use, and `npx postern providers <name>` prints all about one.',
      '<Filter />',
    ].join('\n\n'),
  }
}

function kindOf(scheme: string): string {
  const kinds = [
    'Standard Webhooks',
    'Svix',
    'JWT',
    'Ed25519',
    'ECDSA',
    'RSA',
    'RFC 9421',
    'HMAC-SHA512',
    'HMAC-SHA256',
    'HMAC-SHA1',
    'basic',
    'token',
  ]
  return kinds.find((kind) => scheme.toLowerCase().includes(kind.toLowerCase())) ?? 'other'
}

function filterForm(kinds: readonly string[]): string {
  const options = (all: readonly (readonly [value: string, label: string])[]): string =>
    `<option value="">any</option>${all.map(([value, label]) => `<option value="${value}">${label}</option>`).join('')}`
  return `<form class="providers-filter" role="search" id="filter">
<label>Name <input type="search" name="name" autocomplete="off" /></label>
<label>Scheme <select name="kind">${options(kinds.map((kind) => [kind, kind]))}</select></label>
<label>That <select name="fact">${options(Object.entries(FACTS))}</select></label>
<output name="count" aria-live="polite"></output>
</form>`
}
