import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Sample } from './samples.ts'

const PACKAGE = '@octokit/webhooks-examples'

interface GitHubEvent {
  readonly name: string
  readonly examples: readonly Readonly<Record<string, unknown>>[]
}

/**
 * Every example of `@octokit/webhooks-examples` (MIT, https://github.com/octokit/webhooks): some 300 real deliveries of
 * GitHub with nothing fresh in them. The package is found beside this one, or in the project of the working directory.
 *
 * @throws TypeError if the package is not installed.
 * @example
 * for (const draft of await octokitSamples()) await receiver.receive(github({ secret }).sign!(draft))
 */
export async function octokitSamples(): Promise<readonly Sample[]> {
  const events = load()
  if (!events)
    throw new TypeError(
      `octokitSamples: ${PACKAGE} is not installed: npm install --save-dev ${PACKAGE}`,
    )
  return events.flatMap(({ name, examples }) =>
    examples.map((payload) => ({ topic: topicOf(name, payload), payload })),
  )
}

/** The first example of a topic; undefined if there is none, or the package is not installed. */
export async function octokitSample(topic: string): Promise<Sample | undefined> {
  const [name] = topic.split('.')
  for (const payload of load()?.find((event) => event.name === name)?.examples ?? [])
    if (topicOf(name!, payload) === topic || name === topic)
      return { topic: topicOf(name!, payload), payload }
  return undefined
}

// As the provider names its events: the header, and the action if there is one.
function topicOf(name: string, { action }: Readonly<Record<string, unknown>>): string {
  return typeof action === 'string' ? `${name}.${action}` : name
}

function load(): readonly GitHubEvent[] | undefined {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return createRequire(from)(PACKAGE) as readonly GitHubEvent[]
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'MODULE_NOT_FOUND') throw error
    }
  }
  return undefined
}
