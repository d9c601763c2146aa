import { OPTIONS, type MakerName, type OptionNames } from './common/option-names.ts'
import type { Registrar } from './registrar.ts'
import type { PayloadSource, RedeliverySource } from './source.ts'

/** What one sender's API can do here, for tools: the module of each function is loaded when it is made. */
export interface SenderApi {
  /** As in `postern register github`. */
  readonly name: string
  readonly title: string
  /** The provider's name, as in `@postern/providers`. */
  readonly provider: string
  readonly registrar?: Maker<Registrar>
  /** Lists payloads of what was missed. */
  readonly events?: Maker<PayloadSource>
  /** Asks for what was missed to be delivered again. */
  readonly redelivery?: Maker<RedeliverySource>
}

/** How a registrar or a source is made, next to the options that all of them take. */
export interface Maker<Made> extends OptionNames {
  /** Makes the registrar or the source. Rejects with a `TypeError` that names a wrong option. */
  readonly make: (options: object) => Promise<Made>
}

/**
 * The senders, by name.
 *
 * @example
 * const registrar = await senders.get('github')?.registrar?.make({ token, repository: 'octo/hello' })
 */
export const senders: ReadonlyMap<string, SenderApi> = /* @__PURE__ */ byName([
  {
    name: 'github',
    title: 'GitHub',
    provider: 'github',
    registrar: maker('githubRegistrar', async () => import('./github.ts')),
    events: maker('githubEvents', async () => import('./sources/github.ts')),
    redelivery: maker('githubRedelivery', async () => import('./sources/github.ts')),
  },
  {
    name: 'github-app',
    title: 'GitHub App',
    provider: 'github',
    registrar: maker('githubAppRegistrar', async () => import('./github-app.ts')),
  },
  {
    name: 'stripe',
    title: 'Stripe',
    provider: 'stripe',
    registrar: maker('stripeRegistrar', async () => import('./stripe.ts')),
    events: maker('stripeEvents', async () => import('./sources/stripe.ts')),
  },
  {
    name: 'shopify',
    title: 'Shopify',
    provider: 'shopify',
    registrar: maker('shopifyRegistrar', async () => import('./shopify.ts')),
  },
  {
    name: 'twilio',
    title: 'Twilio Event Streams',
    provider: 'twilio',
    registrar: maker('twilioRegistrar', async () => import('./twilio.ts')),
  },
  {
    name: 'twilio-number',
    title: 'Twilio phone number',
    provider: 'twilio',
    registrar: maker('twilioNumberRegistrar', async () => import('./twilio-number.ts')),
  },
  {
    name: 'slack',
    title: 'Slack',
    provider: 'slack',
    registrar: maker('slackRegistrar', async () => import('./slack.ts')),
  },
  {
    name: 'svix',
    title: 'Svix',
    provider: 'svix',
    registrar: maker('svixRegistrar', async () => import('./svix.ts')),
    redelivery: maker('svixRedelivery', async () => import('./sources/svix.ts')),
  },
  {
    name: 'paddle',
    title: 'Paddle',
    provider: 'paddle',
    registrar: maker('paddleRegistrar', async () => import('./paddle.ts')),
    events: maker('paddleEvents', async () => import('./sources/paddle.ts')),
    redelivery: maker('paddleRedelivery', async () => import('./sources/paddle.ts')),
  },
  {
    name: 'square',
    title: 'Square',
    provider: 'square',
    registrar: maker('squareRegistrar', async () => import('./square.ts')),
    events: maker('squareEvents', async () => import('./sources/square.ts')),
  },
  {
    name: 'polar',
    title: 'Polar',
    provider: 'polar',
    registrar: maker('polarRegistrar', async () => import('./polar.ts')),
    redelivery: maker('polarRedelivery', async () => import('./sources/polar.ts')),
  },
  {
    name: 'figma',
    title: 'Figma',
    provider: 'figma',
    registrar: maker('figmaRegistrar', async () => import('./figma.ts')),
    events: maker('figmaEvents', async () => import('./sources/figma.ts')),
  },
  {
    name: 'workos',
    title: 'WorkOS',
    provider: 'workos',
    events: maker('workosEvents', async () => import('./sources/workos.ts')),
  },
  {
    name: 'docusign',
    title: 'DocuSign Connect',
    provider: 'docusign',
    registrar: maker('docusignRegistrar', async () => import('./docusign.ts')),
  },
  {
    name: 'contentful',
    title: 'Contentful',
    provider: 'contentful',
    registrar: maker('contentfulRegistrar', async () => import('./contentful.ts')),
  },
  {
    name: 'chargebee',
    title: 'Chargebee',
    provider: 'chargebee',
    registrar: maker('chargebeeRegistrar', async () => import('./chargebee.ts')),
  },
  {
    name: 'asana',
    title: 'Asana',
    provider: 'asana',
    registrar: maker('asanaRegistrar', async () => import('./asana.ts')),
  },
  {
    name: 'linear',
    title: 'Linear',
    provider: 'linear',
    registrar: maker('linearRegistrar', async () => import('./linear.ts')),
  },
  {
    name: 'hubspot',
    title: 'HubSpot',
    provider: 'hubspot',
    registrar: maker('hubspotRegistrar', async () => import('./hubspot.ts')),
  },
  {
    name: 'adyen',
    title: 'Adyen',
    provider: 'adyen',
    registrar: maker('adyenRegistrar', async () => import('./adyen.ts')),
  },
  {
    name: 'telegram',
    title: 'Telegram',
    provider: 'telegram',
    registrar: maker('telegramRegistrar', async () => import('./telegram.ts')),
  },
  {
    name: 'discord',
    title: 'Discord',
    provider: 'discord',
    registrar: maker('discordRegistrar', async () => import('./discord.ts')),
  },
  {
    name: 'line',
    title: 'LINE',
    provider: 'line',
    registrar: maker('lineRegistrar', async () => import('./line.ts')),
  },
])

// Options come from a command line or a form, and the factory checks them.
function maker<
  Name extends MakerName,
  Module extends Readonly<Record<Name, (options: never) => unknown>>,
>(name: Name, load: () => Promise<Module>): Maker<ReturnType<Module[Name]>> {
  const make = async (options: object): Promise<ReturnType<Module[Name]>> =>
    (await load())[name](options as never) as ReturnType<Module[Name]>
  return { ...OPTIONS[name], make }
}

function byName(all: readonly SenderApi[]): ReadonlyMap<string, SenderApi> {
  return new Map(all.map((one) => [one.name, one]))
}
