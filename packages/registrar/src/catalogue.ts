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

/** How a registrar or a source is made, beside the options that all of them take. */
export interface Maker<Made> {
  /** Options that are tokens or keys. They are never printed. */
  readonly tokens: readonly string[]
  /** Further options that must be given. */
  readonly needs: readonly string[]
  /** Options that may be given. */
  readonly takes: readonly string[]
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
    registrar: maker(['token'], [], ['repository', 'organization'], async (options: never) =>
      (await import('./github.ts')).githubRegistrar(options),
    ),
    events: maker(
      ['token'],
      [],
      ['repository', 'organization', 'app', 'url'],
      async (options: never) => (await import('./sources/github.ts')).githubEvents(options),
    ),
    redelivery: maker(
      ['token'],
      [],
      ['repository', 'organization', 'app', 'url'],
      async (options: never) => (await import('./sources/github.ts')).githubRedelivery(options),
    ),
  },
  {
    name: 'github-app',
    title: 'GitHub App',
    provider: 'github',
    registrar: maker(['jwt'], [], [], async (options: never) =>
      (await import('./github-app.ts')).githubAppRegistrar(options),
    ),
  },
  {
    name: 'stripe',
    title: 'Stripe',
    provider: 'stripe',
    registrar: maker(['key'], [], ['apiVersion', 'connect'], async (options: never) =>
      (await import('./stripe.ts')).stripeRegistrar(options),
    ),
    events: maker(['key'], ['url'], ['account'], async (options: never) =>
      (await import('./sources/stripe.ts')).stripeEvents(options),
    ),
  },
  {
    name: 'shopify',
    title: 'Shopify',
    provider: 'shopify',
    registrar: maker(['token'], ['shop'], ['version'], async (options: never) =>
      (await import('./shopify.ts')).shopifyRegistrar(options),
    ),
  },
  {
    name: 'twilio',
    title: 'Twilio Event Streams',
    provider: 'twilio',
    registrar: maker(['authToken'], ['accountSid'], ['schemaVersion'], async (options: never) =>
      (await import('./twilio.ts')).twilioRegistrar(options),
    ),
  },
  {
    name: 'twilio-number',
    title: 'Twilio phone number',
    provider: 'twilio',
    registrar: maker(['authToken'], ['accountSid', 'number'], [], async (options: never) =>
      (await import('./twilio-number.ts')).twilioNumberRegistrar(options),
    ),
  },
  {
    name: 'slack',
    title: 'Slack',
    provider: 'slack',
    registrar: maker(['token'], ['appId'], ['messages'], async (options: never) =>
      (await import('./slack.ts')).slackRegistrar(options),
    ),
  },
  {
    name: 'svix',
    title: 'Svix',
    provider: 'svix',
    registrar: maker(['token'], ['application'], [], async (options: never) =>
      (await import('./svix.ts')).svixRegistrar(options),
    ),
    redelivery: maker(
      ['token'],
      ['application', 'endpoint'],
      ['provider'],
      async (options: never) => (await import('./sources/svix.ts')).svixRedelivery(options),
    ),
  },
  {
    name: 'paddle',
    title: 'Paddle',
    provider: 'paddle',
    registrar: maker(['key'], [], [], async (options: never) =>
      (await import('./paddle.ts')).paddleRegistrar(options),
    ),
    events: maker(['key'], [], [], async (options: never) =>
      (await import('./sources/paddle.ts')).paddleEvents(options),
    ),
    redelivery: maker(['key'], [], ['setting'], async (options: never) =>
      (await import('./sources/paddle.ts')).paddleRedelivery(options),
    ),
  },
  {
    name: 'square',
    title: 'Square',
    provider: 'square',
    registrar: maker(['token'], [], ['apiVersion'], async (options: never) =>
      (await import('./square.ts')).squareRegistrar(options),
    ),
    events: maker(['token'], ['url'], [], async (options: never) =>
      (await import('./sources/square.ts')).squareEvents(options),
    ),
  },
  {
    name: 'polar',
    title: 'Polar',
    provider: 'polar',
    registrar: maker(['token'], [], ['organization'], async (options: never) =>
      (await import('./polar.ts')).polarRegistrar(options),
    ),
    redelivery: maker(['token'], [], ['endpoint'], async (options: never) =>
      (await import('./sources/polar.ts')).polarRedelivery(options),
    ),
  },
  {
    name: 'figma',
    title: 'Figma',
    provider: 'figma',
    registrar: maker(['token'], ['context', 'contextId'], [], async (options: never) =>
      (await import('./figma.ts')).figmaRegistrar(options),
    ),
    events: maker(['token'], ['context', 'contextId', 'url'], [], async (options: never) =>
      (await import('./sources/figma.ts')).figmaEvents(options),
    ),
  },
  {
    name: 'workos',
    title: 'WorkOS',
    provider: 'workos',
    events: maker(['key'], ['events'], [], async (options: never) =>
      (await import('./sources/workos.ts')).workosEvents(options),
    ),
  },
  {
    name: 'docusign',
    title: 'DocuSign Connect',
    provider: 'docusign',
    registrar: maker(['token'], ['accountId', 'api'], [], async (options: never) =>
      (await import('./docusign.ts')).docusignRegistrar(options),
    ),
  },
  {
    name: 'contentful',
    title: 'Contentful',
    provider: 'contentful',
    registrar: maker(['token'], ['space'], [], async (options: never) =>
      (await import('./contentful.ts')).contentfulRegistrar(options),
    ),
  },
  {
    name: 'chargebee',
    title: 'Chargebee',
    provider: 'chargebee',
    registrar: maker(['key'], ['site'], [], async (options: never) =>
      (await import('./chargebee.ts')).chargebeeRegistrar(options),
    ),
  },
  {
    name: 'asana',
    title: 'Asana',
    provider: 'asana',
    registrar: maker(['token'], ['workspace', 'resource'], [], async (options: never) =>
      (await import('./asana.ts')).asanaRegistrar(options),
    ),
  },
  {
    name: 'linear',
    title: 'Linear',
    provider: 'linear',
    registrar: maker(['token'], [], ['team'], async (options: never) =>
      (await import('./linear.ts')).linearRegistrar(options),
    ),
  },
  {
    name: 'hubspot',
    title: 'HubSpot',
    provider: 'hubspot',
    registrar: maker(['developerKey'], ['appId'], ['properties'], async (options: never) =>
      (await import('./hubspot.ts')).hubspotRegistrar(options),
    ),
  },
  {
    name: 'adyen',
    title: 'Adyen',
    provider: 'adyen',
    registrar: maker(['key'], ['merchant', 'api'], [], async (options: never) =>
      (await import('./adyen.ts')).adyenRegistrar(options),
    ),
  },
  {
    name: 'telegram',
    title: 'Telegram',
    provider: 'telegram',
    registrar: maker(['token'], [], [], async (options: never) =>
      (await import('./telegram.ts')).telegramRegistrar(options),
    ),
  },
  {
    name: 'discord',
    title: 'Discord',
    provider: 'discord',
    registrar: maker(['token'], [], [], async (options: never) =>
      (await import('./discord.ts')).discordRegistrar(options),
    ),
  },
  {
    name: 'line',
    title: 'LINE',
    provider: 'line',
    registrar: maker(['token'], [], [], async (options: never) =>
      (await import('./line.ts')).lineRegistrar(options),
    ),
  },
])

// Options come from a command line or a form, and the factory checks them.
function maker<Made>(
  tokens: readonly string[],
  needs: readonly string[],
  takes: readonly string[],
  make: (options: never) => Promise<Made>,
): Maker<Made> {
  return { tokens, needs, takes, make: (options) => make(options as never) }
}

function byName(all: readonly SenderApi[]): ReadonlyMap<string, SenderApi> {
  return new Map(all.map((one) => [one.name, one]))
}
