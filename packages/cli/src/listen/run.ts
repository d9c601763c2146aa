import { randomBytes, randomUUID } from 'node:crypto'
import type { ChildProcess } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import type { About } from '@postern/core/scheme'
import { signals } from '../action.ts'
import { writeEnv } from '../env.ts'
import { isOpen, listenOn } from '../listening.ts'
import {
  portOption,
  requireOneOf,
  requireThisMachine,
  requireWebUrl,
} from '../options/checked-options.ts'
import { agreed, Failure, type ExitCode, remark } from '../print/say.ts'
import { shown } from '../print/terminal.ts'
import { signedAgain, withEventId, type PastDelivery } from '../send/again.ts'
import { planLines } from '../sender-api/show.ts'
import { closeAll } from '../app-module.ts'
import { loadEnv, pairOf } from '../sender-api/target.ts'
import { whereToAdd } from '../sender/setup.ts'
import { exitOf, endLeashed, leashed, listens } from './child.ts'
import { planFor, register, sweep, undoAll, type Job, type EndpointPlan } from './endpoint.ts'
import { createListener, inboxOf, judged, type Entry } from './entry.ts'
import { createGate, handOn, type AppTarget, type GateReply } from './gate.ts'
import { newSession, sessionId } from './session.ts'
import { onScreen, printing, tellSteps, type Show } from './show.ts'
import {
  accountPart,
  jobOf,
  makeProvider,
  senderApiOf,
  signerOf,
  recipientsOf,
  type Recipient,
  type RecipientOptions,
} from './recipient.ts'
import { checkTunnel, isDeaf, openTunnel, type Tunnel } from './tunnel.ts'

export interface ListenOptions extends RecipientOptions {
  readonly port?: string
  readonly store?: string
  readonly tunnel?: string
  readonly public?: string
  readonly hostHeader?: string
  readonly takeOver?: boolean
  readonly writeEnv?: boolean
  readonly clean?: boolean
  readonly output?: string
  readonly yes?: boolean
}

const OUTPUTS = ['interactive', 'compact', 'json'] as const

/**
 * Receives deliveries until Ctrl-C. Deliveries come from this machine, or from the provider through a tunnel. This
 * command answers them or passes them to the app. At the end, endpoints that this command registered at the provider
 * are removed.
 */
export async function listenFor(
  name: string | undefined,
  words: readonly string[],
  options: ListenOptions,
): Promise<ExitCode> {
  // Environment of the app, copied before this process loads .env. Otherwise the app would inherit the variables of .env,
  // which would override the app's other env files.
  const inherited = { ...process.env }
  const { output, port, isPublic } = checkOptions(words, options)
  if (isPublic || options.clean || options.from !== undefined) await loadEnv(options.env)
  if (isPublic || options.clean) await sweep(options.live)
  if (options.clean) return 0
  const recipients = await recipientsOf(name, options)
  const byPath = new Map(recipients.map((recipient) => [recipient.path, recipient]))
  const isAlone = recipients.length === 1
  if (output === 'interactive' && !isAlone)
    throw new Failure(2, '--output interactive shows one receiver; choose it with --receiver')
  const rest = await prepare()

  const id = sessionId()
  const paths = isPublic || !isAlone ? new Set(byPath.keys()) : undefined
  const gate = createGate({ paths, id, answer })
  const bound = await listenOn(gate.server, port)
  const session = newSession(bound, id)
  const ended = signals()
  // Aborts everything that still waits when this command ends.
  const over = new AbortController()
  const early: (readonly [Recipient, Entry])[] = []
  const heard = new Set<Recipient>()
  let show: Show | undefined
  let tunnel: Tunnel | undefined
  let child: ChildProcess | undefined
  let registering: Promise<unknown> | undefined
  let code: ExitCode = 0
  try {
    code = (await Promise.race([work(), ended.came.then(() => 0 as const)])) ?? 0
  } finally {
    over.abort()
    const impatient = signals()
    show?.close()
    await registering?.catch(() => undefined)
    // Removes endpoints before the app ends. Otherwise the provider would retry failed deliveries for days.
    const isUndone = await Promise.race([
      undoAll(
        session,
        recipients.flatMap(({ job }) => job ?? []),
      ),
      impatient.came.then(() => 'left'),
    ])
    if (isUndone === 'left')
      remark('left as it is: the next start here, or postern listen --clean, removes it')
    if (isUndone !== true) code = 3
    await endLeashed(child)
    await tunnel?.close()
    gate.server.close()
    gate.server.closeAllConnections()
    for (const { listener } of recipients) await listener?.close()
    if (gate.strangers > 0) remark(`${gate.strangers} requests for other paths got 404`)
    ended.off()
    impatient.off()
    await closeAll(recipients.flatMap(({ receiver }) => receiver ?? []))
  }
  return code

  /** Checks keys and secrets at the start. Returns the options, except those of the provider's account. */
  async function prepare(): Promise<RecipientOptions> {
    const sender = senderApiOf(recipients[0]!.about)
    const { account, rest: option } = sender
      ? accountPart(sender, options.option)
      : { account: [], rest: options.option ?? [] }
    const given = { ...options, option }
    for (const recipient of recipients) {
      const pairs = Object.fromEntries(account.map((one) => pairOf(one)))
      if (isPublic) recipient.job = await jobOf(recipient, pairs, options)
      const { job, to, about, variable } = recipient
      const isTold =
        job !== undefined && job.secret === undefined && job.registrar.secret !== 'none'
      if (isTold && to && words.length === 0 && !options.writeEnv)
        throw new Failure(
          2,
          `${about.title}: the app needs the secret of the endpoint; start it here, as in postern dev ${about.name} … -- npm run dev, or give --write-env, or set ${variable}`,
        )
      // The public URL is not known yet, so an example URL is used.
      if (!isTold) await ready(recipient, given, isPublic ? 'https://example.com' : '')
    }
    return given
  }

  async function work(): Promise<ExitCode | undefined> {
    if (isPublic) {
      const wanted = { tunnel: options.tunnel, url: options.public }
      tunnel = await openTunnel(wanted, gate, bound, over.signal)
      gate.origin = tunnel.origin
      const isYes = await registerAll()
      if (!isYes) return 1
    } else if (words.length > 0) await startApp()
    await showAll()
    return stay()
  }

  /**
   * Plans the endpoints, asks for confirmation, and registers them. The app starts as soon as its secret is known,
   * because some providers call the URL immediately.
   */
  async function registerAll(): Promise<boolean> {
    const jobs = recipients.flatMap(({ job, path }) => (job ? [{ job, path }] : []))
    const all = await Promise.all(
      jobs.map(async ({ job, path }) => ({
        job,
        planned: await planFor(job, gate.origin + path, [], options.takeOver === true),
      })),
    )
    for (const { planned } of all) remark(planLines(planned.plan))
    const count = all.reduce((sum, { planned }) => sum + planned.plan.steps.length, 0)
    const asks = `Make ${count === 1 ? 'this change' : `these ${count} changes`} until this command ends?`
    if (count > 0 && !options.yes && !(await agreed(asks))) {
      remark('nothing was changed')
      return false
    }
    for (const { job } of all)
      if (job.registrar.secret === 'given') job.secret ??= randomBytes(32).toString('base64url')
    const isTold = ({ job }: Pick<Recipient, 'job'>): boolean =>
      job !== undefined && job.registrar.secret !== 'none' && job.secret === undefined
    for (const recipient of recipients)
      if (!isTold(recipient)) await ready(recipient, rest, gate.origin)
    const told = all.filter(isTold)
    for (const { job, planned } of told) await registerOne(job, planned)
    for (const recipient of recipients)
      if (!recipient.listener) await ready(recipient, rest, gate.origin)
    await startApp()
    for (const one of all) if (!told.includes(one)) await registerOne(one.job, one.planned)
    for (const { about, job, path } of recipients) if (!job) tellSteps(about, gate.origin + path)
    return true
  }

  async function registerOne(job: Job, planned: EndpointPlan): Promise<void> {
    const before = job.secret
    registering = register(job, planned, session)
    const results = await (registering as ReturnType<typeof register>)
    const failed = results.find(({ state }) => state === 'failed')
    if (failed)
      throw new Failure(3, `${job.sender.title}: ${failed.reason ?? 'it rejected the change'}`)
    for (const { kind, id: made, state, reason } of results)
      remark(
        `${job.sender.name}: ${kind} ${shown(made ?? '')} is ${state === 'pending' ? `there, and waits: ${shown(reason ?? '', 300)}` : 'there until this command ends'}`,
      )
    if (options.writeEnv && job.secret !== undefined && job.secret !== before)
      await writeEnv(options.env ?? '.env', { [job.variable]: job.secret })
  }

  async function ready(
    recipient: Recipient,
    given: RecipientOptions,
    origin: string,
  ): Promise<void> {
    const isOptional = recipient.to !== undefined && recipient.job === undefined
    try {
      const provider = await makeProvider(recipient, given, origin)
      await recipient.listener?.close()
      recipient.listener = createListener(provider, await inboxOf(options.store))
    } catch (error) {
      // If this command has no secret, only the app verifies deliveries. Then only the app's reply is shown.
      if (!isOptional || !(error instanceof Failure)) throw error
    }
  }

  async function startApp(): Promise<void> {
    if (words.length === 0 || child) return
    const secrets = recipients.flatMap(({ variable, job, secrets: [known] }) => {
      const secret = job?.secret ?? known
      return secret === undefined ? [] : [[variable, secret] as const]
    })
    const url = gate.origin === '' ? {} : { POSTERN_DEV_URL: gate.origin }
    child = leashed(words, 'inherit', { ...inherited, ...url, ...Object.fromEntries(secrets) })
    for (const { to } of recipients) if (to) await listens(to, child, over.signal)
  }

  async function showAll(): Promise<void> {
    const [first] = recipients
    const where = isPublic ? gate.origin + first!.path : `http://127.0.0.1:${bound}/`
    const app = first!.to && words.length === 0 ? first!.to : undefined
    if (app && !(await isOpen(app)))
      remark(`nothing listens at ${app.host} yet: deliveries get 503 until it does`)
    const actions = { again: first!.to && again }
    if (output === 'interactive') show = await onScreen(first!, where, actions)
    else {
      show = printing(output === 'json', actions)
      for (const { about, path } of recipients)
        tellWhere(about, isPublic ? gate.origin + path : where)
    }
    for (const [recipient, entry] of early.splice(0)) show.add(recipient, entry)
  }

  function tellWhere(about: About, where: string): void {
    remark(`listening for ${about.title} at ${where} · Ctrl-C ends`)
    if (isPublic) return
    remark(`try: postern send ${about.name} --to ${where}`)
    remark(`or add a public URL that leads there at ${whereToAdd(about)}, or give --tunnel`)
  }

  /** Waits until the user quits or the app ends. Restarts the tunnel if it ends or no longer leads to this command. */
  async function stay(): Promise<ExitCode> {
    for (;;) {
      const round = new AbortController()
      const why = await Promise.race([
        show!.left.then(() => undefined),
        ...(child ? [exitOf(child)] : []),
        ...(tunnel
          ? [tunnel.ended, isDeaf(gate, AbortSignal.any([over.signal, round.signal]))]
          : []),
      ])
      round.abort()
      if (why === undefined) return 0
      if (typeof why !== 'string') {
        remark(`the app ended (${why.signal ?? `exit code ${why.code}`})`)
        return why.code === 0 ? 0 : 3
      }
      remark(`${why}; it is started again`)
      await tunnel!.close()
      await reopen()
    }
  }

  /** Starts the tunnel again. If its URL is new, the endpoint at the provider gets this URL. */
  async function reopen(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        const wanted = { tunnel: options.tunnel, url: options.public }
        tunnel = await openTunnel(wanted, gate, bound, over.signal)
        break
      } catch (error) {
        if (attempt === MOST_STARTS || over.signal.aborted) throw error
        remark(shown((error as Error).message, 600))
        await wait(1000 * 2 ** attempt, undefined, { signal: over.signal })
      }
    }
    const old = gate.origin
    gate.origin = tunnel.origin
    if (old === gate.origin) return
    for (const recipient of recipients) {
      const { job, path, secrets } = recipient
      if (job) {
        const planned = await planFor(job, gate.origin + path, [old + path], true)
        await registerOne(job, planned)
      } else tellSteps(recipient.about, gate.origin + path)
      await ready(recipient, rest, gate.origin)
      if (recipient.secrets[0] === secrets[0] || words.length === 0) continue
      await endLeashed(child)
      child = undefined
      await startApp()
    }
    remark(`${gate.origin} leads here now`)
  }

  async function answer(delivery: PastDelivery, path: string): Promise<GateReply> {
    const recipient = byPath.get(path) ?? recipients[0]!
    const started = performance.now()
    const seen = await recipient.listener?.receive(delivery)
    if (!recipient.to) {
      if (!seen) return { status: 503, headers: [['retry-after', '1']], body: new Uint8Array() }
      add(recipient, seen.entry)
      const { status, headers = {}, body = '' } = seen.reply
      return { status, headers: Object.entries(headers), body: Buffer.from(body) }
    }
    const reply = await handOn(targetOf(recipient, options), delivery)
    const took = performance.now() - started
    add(recipient, judged(delivery, reply, took, seen?.entry, signerOf(recipient)))
    return reply
  }

  function add(recipient: Recipient, entry: Entry): void {
    const isFirst = isPublic && !recipient.job && !heard.has(recipient)
    heard.add(recipient)
    if (isFirst && output === 'compact')
      remark(`the first delivery of ${recipient.about.title} is here`)
    if (show) show.add(recipient, entry)
    else early.push([recipient, entry])
  }

  /** Sends a delivery again. A delivery with a wrong signature is not signed, so that it stays forged. */
  async function again({ delivery, events, isGenuine }: Entry, isNew: boolean): Promise<string> {
    const recipient = byPath.get(new URL(delivery!.url).pathname) ?? recipients[0]!
    const { provider } = recipient
    const signs = isGenuine && provider?.sign !== undefined
    if (isNew && !signs) return 'a new id needs a delivery whose signature was right'
    const { url } = delivery!
    const changed = isNew ? withEventId(delivery!, events[0]?.id, randomUUID()) : delivery!
    const request = signs ? await signedAgain(changed, provider, url) : undefined
    const host = changed.headers.filter(([header]) => /^(?:host|x-forwarded-.*)$/i.test(header))
    const next = request
      ? { ...request, headers: [...host, ...Object.entries(request.headers)] }
      : changed
    const started = performance.now()
    const reply = await handOn(targetOf(recipient, options), next, 0)
    const seen = await recipient.listener?.receive(next)
    add(
      recipient,
      judged(next, reply, performance.now() - started, seen?.entry, signerOf(recipient)),
    )
    if (reply.status >= 300 || isNew || !isGenuine) return `sent again: ${reply.status}`
    return 'sent again: the app has this id already, and runs nothing; n sends it with a new id'
  }
}

const MOST_STARTS = 4
function targetOf({ to }: Recipient, { hostHeader }: ListenOptions): AppTarget {
  return { to: to!, rewriteHost: hostHeader === 'rewrite' }
}

function checkOptions(
  words: readonly string[],
  options: ListenOptions,
): {
  readonly output: (typeof OUTPUTS)[number]
  readonly port: number
  readonly isPublic: boolean
} {
  const { to, tunnel, hostHeader = 'as-is' } = options
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY
  const output = options.output ?? (isTerminal && words.length === 0 ? 'interactive' : 'compact')
  requireOneOf('--output', output, OUTPUTS)
  if (output === 'interactive' && (!isTerminal || words.length > 0))
    throw new Failure(
      2,
      `--output interactive needs a terminal${words.length > 0 ? ' for itself, without an app' : ''}; give compact or json`,
    )
  if (to !== undefined) requireThisMachine('--to', to.replaceAll('{receiver}', 'receiver'))
  if (words.length > 0 && to === undefined)
    throw new Failure(2, 'give --to, the URL of the receiver in the app that is started')
  requireOneOf('--host-header', hostHeader, ['as-is', 'rewrite'])
  if (tunnel !== undefined && options.public !== undefined)
    throw new Failure(2, 'give one of --tunnel and --public')
  if (options.public !== undefined) {
    requireWebUrl('--public', options.public)
    if (options.port === undefined)
      throw new Failure(2, '--public needs --port, the port of this machine that the URL leads to')
  }
  if (tunnel !== undefined) checkTunnel(tunnel)
  const isPublic = tunnel !== undefined || options.public !== undefined
  const port = portOption(options.port ?? (isPublic || to !== undefined ? '0' : '3000'))
  return { output, port, isPublic }
}
