import type { Command } from 'commander'
import { examples } from '../action.ts'
import {
  declareActions,
  declareCauses,
  declareDeliveries,
  declareList,
  declareStats,
} from './inbox/list.ts'
import { declare as show } from './inbox/show.ts'
import { declare as send } from './inbox/send.ts'
import { declare as watch } from './inbox/watch.ts'
import { declare as change } from './inbox/replay-delete-erase.ts'
import { declare as prune } from './inbox/prune.ts'
import { declare as migrate } from './inbox/migrate.ts'

export function declare(inbox: Command): void {
  inbox.addHelpText(
    'after',
    examples(
      'inbox list --sqlite webhooks.db --state dead --since 2h',
      'inbox causes --redis redis://localhost:6379',
      'inbox replay --postgres "$DATABASE_URL" --cause 3f2a… --dry-run',
    ),
  )
  for (const add of [
    declareList,
    show,
    declareDeliveries,
    declareCauses,
    declareActions,
    declareStats,
    watch,
    send,
    change,
    prune,
    migrate,
  ])
    add(inbox)
}
