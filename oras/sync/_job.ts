import { type Place, showPlace } from "./_place.ts";
import type { SyncEntry } from "./sync_config.ts";

/** One tag to copy. */
export interface Job {
  /** How. */
  readonly entry: SyncEntry;
  /** From where. */
  readonly source: Place;
  /** To where. */
  readonly target: Place;
}

/** Jobs that can be done in any order, and those that cannot. */
export interface SortedJobs {
  /** Those to do. */
  readonly jobs: readonly Job[];
  /** Those whose tag another source is copied to, each with that. */
  readonly clashes: readonly (readonly [job: Job, source: string])[];
}

/**
 * Leaves out what is named twice, and finds tags that several sources are to be copied
 * to: which of them it would be in the end is not known, so that the first one counts.
 */
export function sortJobs(all: readonly Job[]): SortedJobs {
  const jobs: Job[] = [];
  const clashes: [Job, string][] = [];
  const first = new Map<string, string>();
  const seen = new Set<string>();
  for (const job of all) {
    const target = showPlace(job.target);
    const source = contentOf(job);
    const key = JSON.stringify([source, target, optionsOf(job)]);
    if (seen.has(key)) continue;
    const other = job.target.tag === undefined ? undefined : first.get(target);
    if (other !== undefined && other !== source) {
      clashes.push([job, other]);
      continue;
    }
    seen.add(key);
    first.set(target, source);
    jobs.push(job);
  }
  return { jobs, clashes };
}

/** What is copied: of an index, the image of a platform may be. */
function contentOf({ entry: { platform }, source }: Job): string {
  return showPlace(source) + (platform === undefined ? "" : ` (${platform})`);
}

/** How it is copied, but for what chose it. */
function optionsOf({ entry }: Job): unknown {
  const chosenBy = {
    repos: 0,
    source: 0,
    tagSets: 0,
    tags: 0,
    target: 0,
    type: 0,
  };
  return { ...entry, ...chosenBy };
}
