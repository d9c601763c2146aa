import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A delivery to send while developing: a draft for `provider.sign`, once {@link fill} has put fresh values into it. */
export interface Sample {
  /** The topic of the event it makes. */
  readonly topic: string
  /** The event's id, if the sender's draft takes one. */
  readonly id?: string
  /** What `sign` takes as payload: of senders that wrap or batch their events, the event alone. */
  readonly payload: unknown
  /** What to know about it. */
  readonly note?: string
}

/** The samples of a provider, as its file has them. */
interface SampleFile {
  readonly provider: string
  /** The sender's page that has the structure. */
  readonly source: string
  readonly samples: readonly Sample[]
}

/**
 * The sample deliveries of a provider by its name in the catalogue: at least three topics, or all if the sender has fewer.
 * Their strings hold placeholders for {@link fill}. Only the file of that provider is read.
 *
 * @throws {TypeError} if there are no samples of that name.
 * @example
 * for (const draft of await samples('stripe')) await receiver.receive(provider.sign!(fill(draft)))
 */
export async function samples(provider: string): Promise<readonly Sample[]> {
  return (await load(provider)).samples
}

/**
 * One sample of a provider. It is the one of that topic, else the first one whose topic starts or ends with it (`issues`
 * finds `issues.opened`, `user.created` finds `zen:event-type:user.created`). Without a topic it is the first of all.
 * Further topics of GitHub are those of `@octokit/webhooks-examples`, if it is installed.
 *
 * @throws {TypeError} if there is no such provider or topic, naming the topics that there are.
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
  // Names of files alone: the path of another file is not a provider.
  if (/^[a-z\d][a-z\d.-]*$/.test(provider)) {
    // Found by the package's own name: the bundled module does not lie as deep as this one.
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

/** The file next to which the samples are. */
function manifestOf(): string {
  const name = '@postern/samples/package.json'
  const found: unknown = createRequire(import.meta.url).resolve(name)
  if (typeof found === 'string') return found
  // Turbopack took the package in and answers with a number of its own: the app's folder has the files.
  try {
    return createRequire(join(process.cwd(), 'package.json')).resolve(name)
  } catch (error) {
    throw new TypeError(
      'samples: a bundler included @postern/samples, but its samples are separate files; install @postern/testing in the app',
      { cause: error },
    )
  }
}

// Segments of topics end at these.
function hasEnd(topic: string, part: string): boolean {
  return ['.', '/', ':'].some((end) => topic.startsWith(part + end) || topic.endsWith(end + part))
}

const PACKAGE = '@octokit/webhooks-examples'

interface GitHubEvent {
  readonly name: string
  readonly examples: readonly Readonly<Record<string, unknown>>[]
}

/**
 * Every example of `@octokit/webhooks-examples` (MIT, https://github.com/octokit/webhooks): some 300 real deliveries of
 * GitHub with nothing fresh in them. The package is found next to this one, or in the project of the working directory.
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

/** The first example of a topic; undefined if there is none, or the package is not installed. */
async function octokitSample(topic: string): Promise<Sample | undefined> {
  const [name] = topic.split('.')
  for (const payload of loadExamples()?.find((event) => event.name === name)?.examples ?? [])
    if (topicOf(name!, payload) === topic || name === topic)
      return { topic: topicOf(name!, payload), payload }
  return undefined
}

// As the provider names its events: the header, and the action if there is one.
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
