import { genericEntry } from './generic.ts'
import { githubEntry } from './github.ts'
import { shopifyEntry } from './shopify.ts'
import { slackEntry } from './slack.ts'
import { standardWebhooksEntry } from './standard-webhooks.ts'
import { stripeEntry } from './stripe.ts'
import { svixEntry } from './svix.ts'
import { twilioEntry } from './twilio.ts'
import type { CatalogueEntry } from './shared/entry.ts'

// One line a provider, in the order of their names.
const ENTRIES: readonly CatalogueEntry[] = [
  genericEntry,
  githubEntry,
  shopifyEntry,
  slackEntry,
  standardWebhooksEntry,
  stripeEntry,
  svixEntry,
  twilioEntry,
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
