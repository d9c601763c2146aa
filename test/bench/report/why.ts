/** Explanation of each target, by its name. The page shows it only if the target is missed. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [
    /^Journal on/,
    'a row for each of the first 1,000 deliveries of a second is made before the next request is read, and two histograms count each run. With other processes waiting for the cores, the spread of the rounds is wider than the difference.',
  ],
  [
    /receive\(\) against the floor, 1 KB/,
    'what does not grow with the body (identity, dedupe, storing, the task, the reply) weighs most beside the smallest.',
  ],
  [
    /receive\(\) against the floor/,
    'a walk over the parsed body for its nesting, its poisoned keys and its size takes a twentieth, and payloads live until their handlers have run, which the last column shows the cost of; beside what does not grow with the body, half of the difference at 100 KB is traced to no one cause.',
  ],
  [
    /XML/,
    'attributes are kept, the text is checked to be well-formed and within the limits, and entities are decoded apart, which the bare parser at its defaults does not do.',
  ],
  [
    /two processes/,
    'a second process gains what the cores have to give: this is wall time, and others that want the cores (see the load above) take it from both.',
  ],
  [
    /PostgreSQL/,
    'each event is an INSERT that PostgreSQL must sync, and its client encodes and decodes rows on the same core.',
  ],
  [
    /BullMQ/,
    'each event is several Redis commands in a transaction, which the client encodes and whose replies it parses.',
  ],
  [
    /SQLite, .* 1 KB/,
    'beside the INSERT of the event (a hand-written receiver that does that and no more is in the table) there are the look-up of its key, the key, the task and its settling, each written through the write-ahead log.',
  ],
  [
    /SQLite/,
    'the body goes through the write-ahead log and then into the database, each page with a checksum: the hand-written receiver that does one INSERT and no more (in the table) shows what that alone costs.',
  ],
  [
    /100 KB$/,
    'a walk over the parsed body for its nesting, its poisoned keys and its size takes a twentieth; the rest is spread over the calls the hand-written one makes too.',
  ],
  [
    /against hand-written/,
    'the hand-written one does not dedupe, store, limit or time the body, which is what the difference pays for.',
  ],
  [
    /Postern against .* 100 KB/,
    'at this size the signature and JSON.parse, the same functions in both, take nearly all of the time.',
  ],
  [
    /Postern against /,
    'what it does more (limits, dedupe, a stored task) costs about what its shorter way through Express saves.',
  ],
  [
    /, Express, /,
    "Express's own routing stands before the receiver; it is in the figure, and the reference has none.",
  ],
  [
    /node:http, /,
    'the reference does not bound, time, dedupe or store; what those cost is the difference.',
  ],
  [
    /^Growth, body/,
    'several bodies at once outgrow the caches and outlive collections; beyond 64 MiB of them, payloads that wait are parsed again.',
  ],
  [/^Growth, remembered/, 'a table of a million ids no longer fits the caches of the CPU.'],
  [
    /^Growth, pending/,
    'tasks that wait are objects the garbage collector marks at each full collection.',
  ],
  [/^Growth, secrets/, 'each secret tried is a comparison and a look-up beside its HMAC.'],
  [/^Memory/, 'remembered ids, and the heap V8 keeps ahead of them.'],
  [/^Latency/, 'the way through the engine: a commit, a notification, a claim.'],
  [/^Down/, 'the attempts at the one that is down share the event loop with the others.'],
  [
    /^Telemetry/,
    'without an SDK the observer joins nothing: the rounds of this run differ by more.',
  ],
  [/^Start-up, npx/, 'the modules that the command consists of, and a second start of Node.'],
  [
    /^Start-up/,
    'the modules that the receiver, the provider and the bridge to node:http consist of.',
  ],
]

export function whyMissed(what: string): string {
  return REASONS.find(([name]) => name.test(what))?.[1] ?? 'not known.'
}
