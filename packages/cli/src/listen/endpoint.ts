import {
  RegistrarError,
  type Endpoint,
  type Plan,
  type Registrar,
  type StepResult,
} from '@postern/registrar'
import { senders, type SenderApi } from '@postern/registrar/catalogue'
import { Failure, remark } from '../print/say.ts'
import { shown } from '../print/terminal.ts'
import { made, variablesFor, type Target } from '../sender-api/target.ts'
import { aboutOf, variablesOf } from '../sender/sender.ts'
import {
  isAlive,
  removeSession,
  sessions,
  writeSession,
  type SessionEndpoint,
  type Session,
} from './session.ts'

/** Registration of one receiver at its provider. It lasts for one session: one run of `postern listen` or `dev`. */
export interface Job {
  readonly sender: SenderApi
  readonly registrar: Registrar
  readonly topics: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
  readonly variable: string
  secret: string | undefined
  made: SessionEndpoint | undefined
}

export interface EndpointPlan {
  readonly plan: Plan
  readonly before: readonly string[]
  /** Endpoint that existed before this session. The session replaces the endpoint, and restores it at the end. */
  readonly taken?: Endpoint
}

// Matches keys for real customers and money, as opposed to test keys. Providers mark them with the word "live".
const LIVE = /(?:^|[_-])live(?:[_-]|$)|^apikey\.live/i

/**
 * Creates the registrar of a provider: the client that changes endpoints through its API. Throws if the key is a live
 * key and `live` is not set.
 */
export async function registrarOf(
  sender: SenderApi,
  options: Readonly<Record<string, unknown>>,
  { live = false, ...more }: { readonly live?: boolean | undefined; readonly patience?: string },
): Promise<Registrar> {
  const maker = sender.registrar!
  for (const token of maker.tokens) {
    const variable = variablesFor(sender, token).find((name) => process.env[name])
    if (variable !== undefined && LIVE.test(process.env[variable]!) && !live)
      throw new Failure(
        2,
        `${variable} is a live key of ${sender.title}; give one of its test mode, or --live if events of real customers may come to this machine`,
      )
  }
  const target: Target = { sender, options, topics: [], receiver: undefined, url: undefined }
  return made(maker, target, more)
}

/**
 * Plans an endpoint with this URL. All other endpoints stay unchanged. If the account allows only one endpoint and
 * already has one, `takeOver` must be true. That endpoint is restored at the end of the session.
 */
export async function planFor(
  job: Job,
  url: string,
  previousUrls: readonly string[],
  takeOver: boolean,
): Promise<EndpointPlan> {
  const { registrar, topics, sender } = job
  const had = await registrar.list()
  const before = had.filter((one) => one.url !== '').map(({ id }) => id)
  const want = { url, topics, ...(previousUrls.length > 0 && { previousUrls }) }
  try {
    const plan = await registrar.plan(want)
    checkOwn(job, plan, had)
    if (!registrar.canRemove && had.length === 0)
      throw new Failure(
        2,
        `the API of ${sender.title} cannot remove a URL, so it would stay after this command; give --manual for the steps by hand`,
      )
    return { plan, before }
  } catch (error) {
    if (!(error instanceof RegistrarError) || error.code !== 'taken') throw error
    const taken = had[0]!
    const host = URL.canParse(taken.url) ? new URL(taken.url).host : 'another URL'
    if (!registrar.restore)
      throw new Failure(
        2,
        `${sender.title} delivers to ${host}, and its API cannot put that URL back; remove it there first, or give --manual`,
        { cause: error },
      )
    if (!takeOver)
      throw new Failure(
        2,
        `${sender.title} has one URL, which is at ${host} now; give --take-over to have its deliveries here until this command ends`,
        { cause: error },
      )
    // Checks, before anything is changed, that the old endpoint can be restored completely.
    await registrar.restore(taken, { ...secretOf(job), dryRun: true })
    const plan = await registrar.plan({ ...want, previousUrls: [...previousUrls, taken.url] })
    return { plan, before, taken }
  }
}

/**
 * Throws if a step would change an endpoint that this session did not create, or if the secret of an existing endpoint
 * is unknown.
 */
function checkOwn(
  { sender, registrar, made: own, variable, secret }: Job,
  plan: Plan,
  had: readonly Endpoint[],
): void {
  const foreign = plan.steps.find(
    ({ before, id }) =>
      before !== undefined &&
      before.url !== '' &&
      own?.ids.includes(id!) !== true &&
      own?.taken === undefined,
  )
  const there = had.find((one) => one.url === plan.want.url)
  const unknown =
    plan.steps.length === 0 &&
    own === undefined &&
    secret === undefined &&
    registrar.secret !== 'none'
  if (!foreign && !(unknown && there)) return
  const id = foreign?.id ?? there!.id
  throw new Failure(
    2,
    `${sender.title}: ${id} has this URL already, and this command did not make it; remove it with postern register --remove, or give another URL${foreign ? '' : `, or set ${variable} to its secret`}`,
  )
}

function secretOf({ registrar, secret }: Job): { readonly secret?: string } {
  return registrar.secret === 'given' && secret !== undefined ? { secret } : {}
}

/**
 * Applies the steps of a plan. The URL is written to the session file before the first request, and each new id after
 * its request. So a killed session can be cleaned up later.
 */
export async function register(
  job: Job,
  { plan, before, taken }: EndpointPlan,
  session: Session,
): Promise<readonly StepResult[]> {
  const { sender, registrar, options } = job
  if (plan.steps.length === 0) return []
  if (!job.made) {
    job.made = {
      sender: sender.name,
      options,
      at: Date.now(),
      urls: [],
      before,
      ids: [],
      ...(taken && { taken }),
    }
    session.made.push(job.made)
  }
  const { ids, urls } = job.made
  const keep = (id: string | undefined): void => {
    if (id !== undefined && !ids.includes(id)) ids.push(id)
    writeSession(session)
  }
  urls.push(plan.want.url)
  writeSession(session)
  const results = await registrar.apply(plan, {
    ...secretOf(job),
    onSecret({ endpoint, secret }) {
      job.secret = secret
      keep(endpoint)
    },
  })
  for (const { do: verb, id, state } of results)
    if (state !== 'failed' && verb !== 'delete') keep(id)
  return results
}

// Milliseconds after an interrupted request in which the provider may still process the request.
const LATE = 60_000
const CUT_OFF = 'a request was cut off a moment ago, and may still have its effect'

/**
 * Removes endpoints that a session created, and restores endpoints that it replaced. Returns lines to print. Throws if
 * an endpoint may remain.
 */
export async function undo(
  { sender, taken, urls, ids, before, at }: SessionEndpoint,
  registrar: Registrar,
  secret: string | undefined,
): Promise<readonly string[]> {
  const mayCome = ids.length === 0 && Date.now() - at < LATE
  if (taken) {
    const [now] = await registrar.list()
    if (now?.url === taken.url && mayCome) throw new Error(CUT_OFF)
    if (now?.url === taken.url) return []
    if (!now || !urls.includes(now.url))
      return [`${sender}: somebody changed the URL during this command, so the new URL stays`]
    await registrar.restore!(
      taken,
      secret !== undefined && registrar.secret === 'given' ? { secret } : {},
    )
    return [`${sender}: ${taken.url} is put back`]
  }
  const told: string[] = []
  const has = await registrar.list()
  for (const url of new Set(urls)) {
    // If the first request was interrupted, `ids` is empty. Then each endpoint with this URL that is not in `before`
    // belongs to this session.
    const ours = has.filter(
      (one) =>
        one.url === url && (ids.length > 0 ? ids.includes(one.id) : !before.includes(one.id)),
    )
    if (ours.length === 0) continue
    const results = await registrar.remove({ url, ids: ours.map(({ id }) => id) })
    for (const { kind, id } of results) told.push(`${sender}: ${kind} ${id} is removed`)
  }
  if (told.length === 0 && mayCome) throw new Error(CUT_OFF)
  return told
}

/** Removes endpoints that this session created. Returns false if an endpoint could not be removed. */
export async function undoAll(session: Session, jobs: readonly Job[]): Promise<boolean> {
  let isDone = true
  for (const made of session.made.toReversed()) {
    const job = jobs.find((one) => one.made === made)!
    isDone = (await undoOne(made, async () => job.registrar, job.secret)) && isDone
  }
  if (isDone) removeSession(session)
  return isDone
}

async function undoOne(
  made: SessionEndpoint,
  registrar: () => Promise<Registrar>,
  secret: string | undefined,
): Promise<boolean> {
  try {
    for (const line of await undo(made, await registrar(), secret)) remark(line)
    return true
  } catch (error) {
    remark(
      `${made.sender}: ${shown((error as Error).message, 400)}. The endpoint with ${made.urls.at(-1)} stays: the next start here, or postern listen --clean, tries again`,
    )
    return false
  }
}

/**
 * Removes endpoints that killed sessions of the current folder left at providers. Each request has a limit of 3 s, so
 * that a slow provider does not delay the start.
 */
export async function sweep(live: boolean | undefined): Promise<void> {
  for (const session of sessions()) {
    if (await isAlive(session)) continue
    if (session.folder !== process.cwd()) {
      remark(
        `a session in ${shown(session.folder)} was killed and left an endpoint; run postern listen --clean there`,
      )
      continue
    }
    let isDone = true
    for (const made of session.made.toReversed()) {
      const sender = senders.get(made.sender)!
      const names = variablesOf(await aboutOf(sender.provider))
      const secret = names.map((one) => process.env[one]).find(Boolean)
      const make = async (): Promise<Registrar> =>
        registrarOf(sender, made.options, { live, patience: '3s' })
      isDone = (await undoOne(made, make, secret)) && isDone
    }
    if (isDone) removeSession(session)
  }
}
