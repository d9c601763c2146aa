import { singleton } from '@postern/next'
import { createStage, type Stage, type StageName } from '@postern/testing'

// The route that takes deliveries and the one that tells what came of them are bundled apart.
const stages = singleton('stages', () => new Map<string, Stage>())

export interface StageRoute {
  readonly params: Promise<{ readonly stage: string; readonly run: string }>
}

export async function stageOf({ params }: StageRoute): Promise<Stage> {
  const { stage, run } = await params
  const known = stages.get(run)
  if (known) return known
  const made = createStage(stage as StageName)
  stages.set(run, made)
  return made
}
