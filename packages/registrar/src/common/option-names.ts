/** The options of a registrar or a source, next to those that all take. */
export interface OptionNames {
  /** Tokens or keys. They must be given, and are never printed. */
  readonly tokens: readonly string[]
  /** Further options that must be given. */
  readonly needs: readonly string[]
  /** Options that may be given. */
  readonly takes: readonly string[]
}

/** The options of each registrar and source, by the name of its function: what it checks, and what the command takes. */
export const OPTIONS = {
  githubRegistrar: { tokens: ['token'], needs: [], takes: ['repository', 'organization'] },
  githubEvents: {
    tokens: ['token'],
    needs: [],
    takes: ['repository', 'organization', 'app', 'url'],
  },
  githubRedelivery: {
    tokens: ['token'],
    needs: [],
    takes: ['repository', 'organization', 'app', 'url'],
  },
  githubAppRegistrar: { tokens: ['jwt'], needs: [], takes: [] },
  stripeRegistrar: { tokens: ['key'], needs: [], takes: ['apiVersion', 'connect', 'payload'] },
  stripeEvents: { tokens: ['key'], needs: ['url'], takes: ['account', 'payload'] },
  shopifyRegistrar: { tokens: ['token'], needs: ['shop'], takes: ['version'] },
  twilioRegistrar: { tokens: ['authToken'], needs: ['accountSid'], takes: ['schemaVersion'] },
  twilioNumberRegistrar: { tokens: ['authToken'], needs: ['accountSid', 'number'], takes: [] },
  slackRegistrar: { tokens: ['token'], needs: ['appId'], takes: ['messages'] },
  svixRegistrar: { tokens: ['token'], needs: ['application'], takes: [] },
  svixRedelivery: { tokens: ['token'], needs: ['application', 'endpoint'], takes: ['provider'] },
  paddleRegistrar: { tokens: ['key'], needs: [], takes: [] },
  paddleEvents: { tokens: ['key'], needs: [], takes: [] },
  paddleRedelivery: { tokens: ['key'], needs: [], takes: ['setting'] },
  squareRegistrar: { tokens: ['token'], needs: [], takes: ['apiVersion'] },
  squareEvents: { tokens: ['token'], needs: ['url'], takes: [] },
  polarRegistrar: { tokens: ['token'], needs: [], takes: ['organization'] },
  polarRedelivery: { tokens: ['token'], needs: [], takes: ['endpoint'] },
  figmaRegistrar: { tokens: ['token'], needs: ['context', 'contextId'], takes: [] },
  figmaEvents: { tokens: ['token'], needs: ['context', 'contextId', 'url'], takes: [] },
  workosEvents: { tokens: ['key'], needs: ['events'], takes: [] },
  docusignRegistrar: { tokens: ['token'], needs: ['accountId', 'api'], takes: [] },
  contentfulRegistrar: { tokens: ['token'], needs: ['space'], takes: [] },
  chargebeeRegistrar: { tokens: ['key'], needs: ['site'], takes: [] },
  asanaRegistrar: { tokens: ['token'], needs: ['workspace', 'resource'], takes: [] },
  linearRegistrar: { tokens: ['token'], needs: [], takes: ['team'] },
  hubspotRegistrar: { tokens: ['developerKey'], needs: ['appId'], takes: ['properties'] },
  adyenRegistrar: { tokens: ['key'], needs: ['merchant', 'api'], takes: [] },
  telegramRegistrar: { tokens: ['token'], needs: [], takes: [] },
  discordRegistrar: { tokens: ['token'], needs: [], takes: [] },
  lineRegistrar: { tokens: ['token'], needs: [], takes: [] },
} as const

/** The function that makes a registrar or a source. */
export type MakerName = keyof typeof OPTIONS
