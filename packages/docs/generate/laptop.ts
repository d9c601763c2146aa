import { senderApiOf } from '../../cli/src/listen/recipient.ts'
import { variablesFor } from '../../cli/src/sender-api/target.ts'
import { variablesOf } from '../../cli/src/sender/sender.ts'
import type { CatalogueEntry } from '../../providers/src/index.ts'
import { senders, type SenderApi } from '../../registrar/src/catalogue.ts'
import type { Registrar } from '../../registrar/src/registrar.ts'
import { code, plain, table } from './text.ts'

/** Options of an account, where a registrar needs them in a form of their own. */
const ACCOUNTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  github: { repository: 'octo/hello' },
  shopify: { shop: 'hello.myshopify.com' },
  twilio: { accountSid: `AC${'0'.repeat(32)}` },
  'twilio-number': { accountSid: `AC${'0'.repeat(32)}`, number: '+15005550006' },
  docusign: { accountId: '1234', api: 'https://demo.docusign.net' },
  adyen: { merchant: 'HelloMerchant', api: 'https://management-test.adyen.com' },
}

/** The providers' own tools for a laptop: what each does better, and which secret it signs with. */
const OWN: Readonly<Record<string, readonly [command: string, secret: string, better: string]>> = {
  stripe: [
    'stripe listen --forward-to localhost:3000/webhooks/stripe',
    'the one that it prints, and not that of your endpoint',
    'It needs no tunnel and no key in a file, and `stripe trigger invoice.paid` makes real test events.',
  ],
  github: [
    'gh webhook forward --repo=octo/hello --events=issues --url=http://localhost:3000/webhooks/github --secret=…',
    'the one that you pass',
    'It needs no tunnel and no token in a file. One person can use it for a repository at a time.',
  ],
  shopify: [
    'shopify app dev',
    'the client secret of the app',
    'It starts a tunnel, and changes all URLs of an app, not only those of webhooks.',
  ],
  twilio: [
    'twilio phone-numbers:update +15005550006 --sms-url http://localhost:3000/webhooks/twilio',
    'the auth token of the account',
    'It starts a tunnel for one phone number.',
  ],
  svix: [
    'svix listen http://localhost:3000/webhooks/svix',
    'that of the endpoint which you make with the URL that it prints',
    'It needs no tunnel.',
  ],
  'hookdeck-gateway': [
    'hookdeck listen 3000',
    'the signing secret of the Hookdeck project',
    'It needs no tunnel, and Hookdeck keeps and sends again what came while you were away.',
  ],
}

/** Who makes the secret of each provider, from its registrar. */
const kinds = new Map(
  await Promise.all(
    [...senders.values()].map(async (sender) => [sender.name, await registrarOf(sender)] as const),
  ),
)

async function registrarOf({ name, registrar }: SenderApi): Promise<Registrar | undefined> {
  if (!registrar) return undefined
  const names = [...registrar.tokens, ...registrar.needs]
  const made = Object.fromEntries(names.map((one) => [one, 'example-'.repeat(3)]))
  return registrar.make({ ...made, ...ACCOUNTS[name] })
}

/** How the deliveries of a provider reach a laptop: a sample, the real provider, and the provider's own tool. */
export function laptopPart(about: CatalogueEntry, slug: string): string {
  const { name, canSign, title } = about
  const to = `http://localhost:3000/webhooks/${slug}`
  const sender = senderApiOf(about)
  return [
    canSign
      ? `\`npx postern send ${name} --to ${to}\` sends a signed sample, with the secret of your environment, and says who answered.`
      : `Only ${plain(title)} can sign its deliveries.`,
    sender ? byApi(about, sender, to) : byHand(about, to),
    ...ownTool(about),
    'The tunnel is yours: install cloudflared, ngrok or tailscale. More: [Receive from your laptop](/how-to/laptop/).',
  ].join('\n\n')
}

function byApi(about: CatalogueEntry, sender: SenderApi, to: string): string {
  const { title } = about
  const registrar = kinds.get(sender.name)!
  const { secret, canRemove } = registrar
  const restore = 'restore' in registrar
  const account = sender.registrar!.needs.length > 0 || sender.name in ACCOUNTS
  const known = ACCOUNTS[sender.name]
  const needs = known
    ? Object.entries(known)
    : sender.registrar!.needs.map((one) => [one, '…'] as const)
  const options = account ? needs.map(([one, value]) => ` -o ${one}=${value}`).join('') : ''
  const tokens = sender.registrar!.tokens.map((one) => `\`${variablesFor(sender, one)[0]}\``)
  const [variable] = variablesOf(about)
  return [
    `To receive real deliveries, set ${tokens.join(' and ')} in the environment or in \`.env\`, and start your app with:`,
    code(`npx postern dev ${about.name}${options} --to ${to} -- npm run dev`, 'sh'),
    `This starts a tunnel, proves its URL, and registers it at ${plain(title)}. At the end, ${restore ? 'the URL that was there before is put back' : canRemove ? 'exactly this endpoint is removed' : 'remove the URL by hand'}; after \`kill -9\`, the next start does it.${restore ? ` ${plain(title)} has one URL for everything: to replace one that is in use, pass \`--take-over\`.` : ''} ${SECRETS[secret](plain(title), variable!)}`,
  ].join('\n\n')
}

const SECRETS: Readonly<Record<Registrar['secret'], (title: string, variable: string) => string>> =
  {
    told: (title, variable) =>
      `**Secret:** ${title} makes a new one for this endpoint. Your app gets it as \`${variable}\`; the one in your \`.env\` is of another endpoint.`,
    readable: (title, variable) =>
      `**Secret:** ${title} makes a new one for this endpoint. Your app gets it as \`${variable}\`; the one in your \`.env\` is of another endpoint.`,
    given: (title, variable) =>
      `**Secret:** ${title} gets the value of \`${variable}\`, or a new one that your app gets under this name.`,
    none: (title, variable) =>
      `**Secret:** that of your app at ${title}, as \`${variable}\`. It stays the same.`,
  }

function byHand({ name, title, secretOption, setup }: CatalogueEntry, to: string): string {
  const place = setup?.secret
  return [
    `No API of ${plain(title)} is known that registers a URL. This starts a tunnel, prints the steps, and says when the first delivery is here:`,
    code(`npx postern listen ${name} --tunnel cloudflared --to ${to}`, 'sh'),
    secretOption === undefined
      ? '**Secret:** there is none to set.'
      : `**Secret:** that of the URL that you add${place === undefined ? '' : `: ${plain(place)}`}.`,
  ].join('\n\n')
}

function ownTool({ name, title }: CatalogueEntry): readonly string[] {
  const own = OWN[name]
  if (!own) return []
  const [command, secret, better] = own
  return [
    table(
      [`the tool of ${plain(title)}`, 'which secret signs', 'what it does better'],
      [[`\`${command}\``, secret, better]],
    ),
  ]
}
