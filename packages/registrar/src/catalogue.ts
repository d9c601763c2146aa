import { OPTIONS, type MakerName, type OptionNames } from './common/options.ts'
import type { Registrar } from './registrar.ts'
import type { PayloadSource, RedeliverySource } from './source.ts'

/**
 * Functions of one sender's API, for tools such as the CLI. The sender's module is loaded only when a `make` is called.
 */
export interface SenderApi {
  /** Name in commands such as `postern register github`. */
  readonly name: string
  readonly title: string
  /** The provider's name, as in `@postern/providers`. */
  readonly provider: string
  readonly registrar?: Maker<Registrar>
  /** Makes a source that lists the payloads of missed events. */
  readonly events?: Maker<PayloadSource>
  /** Makes a source that asks the sender to deliver missed events again. */
  readonly redelivery?: Maker<RedeliverySource>
}

/** Function that makes a registrar or a source, with the names of its options. */
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
export const senders: ReadonlyMap<string, SenderApi> = /* @__PURE__ */ byName({
  github: {
    title: 'GitHub',
    registrar: maker('githubRegistrar', async () => import('./github.ts')),
    events: maker('githubEvents', async () => import('./sources/github.ts')),
    redelivery: maker('githubRedelivery', async () => import('./sources/github.ts')),
  },
  'github-app': {
    title: 'GitHub App',
    provider: 'github',
    registrar: maker('githubAppRegistrar', async () => import('./github-app.ts')),
  },
  stripe: {
    title: 'Stripe',
    registrar: maker('stripeRegistrar', async () => import('./stripe.ts')),
    events: maker('stripeEvents', async () => import('./sources/stripe.ts')),
  },
  shopify: {
    title: 'Shopify',
    registrar: maker('shopifyRegistrar', async () => import('./shopify.ts')),
  },
  twilio: {
    title: 'Twilio Event Streams',
    registrar: maker('twilioRegistrar', async () => import('./twilio.ts')),
  },
  'twilio-number': {
    title: 'Twilio phone number',
    provider: 'twilio',
    registrar: maker('twilioNumberRegistrar', async () => import('./twilio-number.ts')),
  },
  slack: {
    title: 'Slack',
    registrar: maker('slackRegistrar', async () => import('./slack.ts')),
  },
  svix: {
    title: 'Svix',
    registrar: maker('svixRegistrar', async () => import('./svix.ts')),
    redelivery: maker('svixRedelivery', async () => import('./sources/svix.ts')),
  },
  paddle: {
    title: 'Paddle',
    registrar: maker('paddleRegistrar', async () => import('./paddle.ts')),
    events: maker('paddleEvents', async () => import('./sources/paddle.ts')),
    redelivery: maker('paddleRedelivery', async () => import('./sources/paddle.ts')),
  },
  square: {
    title: 'Square',
    registrar: maker('squareRegistrar', async () => import('./square.ts')),
    events: maker('squareEvents', async () => import('./sources/square.ts')),
  },
  polar: {
    title: 'Polar',
    registrar: maker('polarRegistrar', async () => import('./polar.ts')),
    redelivery: maker('polarRedelivery', async () => import('./sources/polar.ts')),
  },
  figma: {
    title: 'Figma',
    registrar: maker('figmaRegistrar', async () => import('./figma.ts')),
    events: maker('figmaEvents', async () => import('./sources/figma.ts')),
  },
  workos: {
    title: 'WorkOS',
    events: maker('workosEvents', async () => import('./sources/workos.ts')),
  },
  docusign: {
    title: 'DocuSign Connect',
    registrar: maker('docusignRegistrar', async () => import('./docusign.ts')),
  },
  contentful: {
    title: 'Contentful',
    registrar: maker('contentfulRegistrar', async () => import('./contentful.ts')),
  },
  chargebee: {
    title: 'Chargebee',
    registrar: maker('chargebeeRegistrar', async () => import('./chargebee.ts')),
  },
  asana: {
    title: 'Asana',
    registrar: maker('asanaRegistrar', async () => import('./asana.ts')),
  },
  linear: {
    title: 'Linear',
    registrar: maker('linearRegistrar', async () => import('./linear.ts')),
  },
  hubspot: {
    title: 'HubSpot',
    registrar: maker('hubspotRegistrar', async () => import('./hubspot.ts')),
  },
  adyen: {
    title: 'Adyen',
    registrar: maker('adyenRegistrar', async () => import('./adyen.ts')),
  },
  telegram: {
    title: 'Telegram',
    registrar: maker('telegramRegistrar', async () => import('./telegram.ts')),
  },
  discord: {
    title: 'Discord',
    registrar: maker('discordRegistrar', async () => import('./discord.ts')),
  },
  line: {
    title: 'LINE',
    registrar: maker('lineRegistrar', async () => import('./line.ts')),
  },
})

// The options come from a command line or a form, so they have no type here. The module's function checks them.
function maker<
  Name extends MakerName,
  Module extends Readonly<Record<Name, (options: never) => unknown>>,
>(name: Name, load: () => Promise<Module>): Maker<ReturnType<Module[Name]>> {
  const make = async (options: object): Promise<ReturnType<Module[Name]>> =>
    (await load())[name](options as never) as ReturnType<Module[Name]>
  return { ...OPTIONS[name], make }
}

function byName(
  all: Readonly<Record<string, Omit<SenderApi, 'name' | 'provider'> & Partial<SenderApi>>>,
): ReadonlyMap<string, SenderApi> {
  return new Map(
    Object.entries(all).map(([name, sender]) => [name, { name, provider: name, ...sender }]),
  )
}
