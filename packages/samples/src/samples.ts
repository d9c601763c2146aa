import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Sample delivery. After {@link fill} has replaced the placeholders, a sample is a draft for `provider.sign`. */
export interface Sample {
  /** Topic of the event. */
  readonly topic: string
  /** Id of the event, if the sender's draft has one. */
  readonly id?: string
  /** Payload for `sign`. If the sender puts events into an envelope or a batch, `payload` is only the event. */
  readonly payload: unknown
  /** Remark about the sample. */
  readonly note?: string
}

interface SampleFile {
  readonly provider: string
  /** URL of the sender's page that documents the structure of the samples. */
  readonly source: string
  readonly samples: readonly Sample[]
}

/**
 * Returns the sample deliveries of a provider, given by its name in the catalog. There are samples of at least three
 * topics, or of all topics if the sender has fewer. Strings contain placeholders for {@link fill}. Only the file of
 * that provider is read.
 *
 * @throws {TypeError} if the provider has no samples.
 * @example
 * for (const draft of await samples('stripe')) await receiver.receive(provider.sign!(fill(draft)))
 */
export async function samples(provider: string): Promise<readonly Sample[]> {
  return (await load(provider)).samples
}

/**
 * Returns one sample of a provider: the sample with exactly this topic, or else the first sample whose topic starts or
 * ends with `topic`. So `issues` finds `issues.opened`, and `user.created` finds `zen:event-type:user.created`. Without
 * `topic`, returns the first sample. For GitHub, more topics come from `@octokit/webhooks-examples` if that package is
 * installed.
 *
 * @throws {TypeError} if the provider or topic is unknown; the message lists the topics.
 * @example
 * const draft = fill(await sample('github', 'issues'))
 * await receiver.receive(github({ secret }).sign!(draft))
 */
export async function sample(provider: string, topic?: string): Promise<Sample> {
  const all = await samples(provider)
  const found =
    topic === undefined
      ? all[0]
      : (all.find((one) => one.topic === topic) ?? all.find((one) => hasEnd(one.topic, topic)))
  if (found) return found
  const more = provider === 'github' && topic !== undefined ? await octokitSample(topic) : undefined
  if (more) return more
  const known = all.map((one) => one.topic).join(', ')
  throw new TypeError(
    `sample: topic must be one of ${known}, got ${topic}; another one needs a payload of your own${
      provider === 'github' ? ', or install @octokit/webhooks-examples, which has all' : ''
    }`,
  )
}

async function load(provider: string): Promise<SampleFile> {
  // Only a plain file name is allowed, so that `provider` cannot name a file of another folder.
  if (/^[a-z\d][a-z\d.-]*$/.test(provider)) {
    // A bundler may move this module to another folder, so the file is found through the package's name.
    const manifest = manifestOf()
    const file = new URL(`samples/${provider}.json`, pathToFileURL(manifest))
    try {
      return JSON.parse(await readFile(file, 'utf8')) as SampleFile
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ENOENT') throw error
    }
  }
  throw new TypeError(
    `samples: provider must be a name in the catalog of @postern/providers, got ${provider}`,
  )
}

function manifestOf(): string {
  const name = '@postern/samples/package.json'
  const found: unknown = createRequire(import.meta.url).resolve(name)
  if (typeof found === 'string') return found
  // If Turbopack bundles the package, `resolve` returns a number. Then the app's folder is used.
  try {
    return createRequire(join(process.cwd(), 'package.json')).resolve(name)
  } catch (error) {
    throw new TypeError(
      'samples: a bundler included @postern/samples, but its samples are separate files; install @postern/testing in the app',
      { cause: error },
    )
  }
}

function hasEnd(topic: string, part: string): boolean {
  return ['.', '/', ':'].some((end) => topic.startsWith(part + end) || topic.endsWith(end + part))
}

const PACKAGE = '@octokit/webhooks-examples'

interface GitHubEvent {
  readonly name: string
  readonly examples: readonly Readonly<Record<string, unknown>>[]
}

/**
 * Returns every example of `@octokit/webhooks-examples` (MIT, https://github.com/octokit/webhooks): about 300 real
 * GitHub deliveries without placeholders. The package is resolved from this package, then from the project in the
 * working directory.
 *
 * @throws {TypeError} if the package is not installed.
 * @example
 * for (const draft of await octokitSamples()) await receiver.receive(github({ secret }).sign!(draft))
 */
export async function octokitSamples(): Promise<readonly Sample[]> {
  const events = loadExamples()
  if (!events)
    throw new TypeError(
      `octokitSamples: ${PACKAGE} is not installed: npm install --save-dev ${PACKAGE}`,
    )
  return events.flatMap(({ name, examples }) =>
    examples.map((payload) => ({ topic: topicOf(name, payload), payload })),
  )
}

/** Returns the first example of a topic; undefined if there is none, or if the package is not installed. */
async function octokitSample(topic: string): Promise<Sample | undefined> {
  const [name] = topic.split('.')
  for (const payload of loadExamples()?.find((event) => event.name === name)?.examples ?? [])
    if (topicOf(name!, payload) === topic || name === topic)
      return { topic: topicOf(name!, payload), payload }
  return undefined
}

// Returns the topic as `github` does: the event name, and the action if there is one.
function topicOf(name: string, { action }: Readonly<Record<string, unknown>>): string {
  return typeof action === 'string' ? `${name}.${action}` : name
}

function loadExamples(): readonly GitHubEvent[] | undefined {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return createRequire(from)(PACKAGE) as readonly GitHubEvent[]
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'MODULE_NOT_FOUND') throw error
    }
  }
  return undefined
}
