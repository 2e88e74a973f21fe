/**
 * What the server says and what the browser keeps, as types only. Times named `…Ms` are milliseconds; those of
 * parts, slices and markers are on the attempt's clock: wall time since the attempt began, the same for all tracks.
 *
 * @typedef {"camera" | "screen"} TrackName
 * @typedef {Record<string, string>} LocalizedText
 *
 * @typedef {object} AnswerView  A question and where its answer stands; limits in seconds.
 * @property {string} answer
 * @property {string | null} follows  the answer that a follow-up asks about; it may be skipped
 * @property {LocalizedText} text
 * @property {LocalizedText | null} hint
 * @property {TrackName[]} tracks
 * @property {number} think_s
 * @property {number} min_s
 * @property {number} max_s
 * @property {number} takes
 * @property {string} state
 * @property {number} attempts  sealed so far
 * @property {boolean} recordable
 *
 * @typedef {object} Limits  Worse than one of these: what the check says.
 * @property {number | null} advise
 * @property {number | null} warn
 * @property {number | null} block
 *
 * @typedef {object} EntryRules  What the template asks before and while an interview is recorded.
 * @property {boolean} camera_required
 * @property {boolean} auto_start
 * @property {boolean} demonstration
 * @property {boolean} practice
 * @property {boolean} follow_ups
 * @property {("card" | "portrait")[]} identity
 * @property {Record<string, Limits>} environment
 *
 * @typedef {object} InterviewView
 * @property {string} interview
 * @property {string} name
 * @property {LocalizedText} job
 * @property {string} locale
 * @property {string} state
 * @property {string} deadline
 * @property {string | null} submitted_at
 * @property {AnswerView[]} answers
 * @property {Record<string, boolean> | null} consents
 * @property {("card" | "portrait")[]} identity  pictures that are kept already
 * @property {EntryRules} entry
 * @property {number} time_factor
 * @property {string} server_time
 *
 * @typedef {object} Upload  A POST policy: how to send one track's parts.
 * @property {string} url
 * @property {Record<string, string>} fields
 * @property {string} key_prefix
 * @property {string} content_type_prefix
 * @property {string} expires_at
 * @property {number} max_part_bytes
 *
 * @typedef {object} Uploads
 * @property {string} answer
 * @property {number} attempt
 * @property {Partial<Record<TrackName, Upload>>} uploads
 *
 * @typedef {object} TrackReceipt
 * @property {"complete" | "gaps" | "refused"} status
 * @property {string | null} reason
 * @property {string | null} sha256
 * @property {number} size
 * @property {number} duration_s
 * @property {number} lost_ms
 *
 * @typedef {object} Receipt
 * @property {Partial<Record<TrackName, TrackReceipt>>} tracks
 * @property {number} lost_ms
 *
 * @typedef {object} AttemptView
 * @property {"recording" | "sealed" | "assembled"} state
 * @property {string | null} manifest_sha256
 * @property {Receipt | null} receipt
 *
 * @typedef {"start" | "reload" | "crash" | "device_lost" | "share_stopped" | "stalled" | "resumed"} Began
 *
 * @typedef {object} KeptSegment  One start of one track's recorder.
 * @property {TrackName} track
 * @property {number} segment
 * @property {string} mimeType  what the recorder says it writes
 * @property {string} format  what it was asked for; the next segment asks for the same
 * @property {Began} began
 * @property {number} startMs
 * @property {boolean} whole  it was stopped, and everything is durable
 * @property {number} [unsavedMs]  known where the page was left in an orderly way, but too fast for the last slice
 *
 * @typedef {object} Marker
 * @property {number} at_ms
 * @property {string} note
 *
 * @typedef {object} KeptAttempt  An attempt as the recorder of this browser keeps it.
 * @property {string} id  made here; the server's number comes when it can be asked
 * @property {string} interview
 * @property {string} answer
 * @property {TrackName[]} tracks
 * @property {number} startedAt  milliseconds since the epoch on this computer's clock
 * @property {"recording" | "finished"} state
 * @property {KeptSegment[]} segments
 * @property {Marker[]} markers
 *
 * @typedef {object} KeptUpload  Where the same attempt stands on its way to the server; the uploader's.
 * @property {string} id
 * @property {string} interview
 * @property {string} answer
 * @property {number | null} attempt  the server's number
 * @property {Uploads | null} uploads
 * @property {"open" | "sealed" | "received" | "refused"} state
 * @property {string | null} manifestSha256
 * @property {Receipt | null} receipt
 * @property {string | null} problem  the server's code where it refused the attempt
 *
 * @typedef {object} KeptSlice  A quarter of a second, durable before anything else happens to it.
 * @property {string} attempt
 * @property {TrackName} track
 * @property {number} segment
 * @property {number} part
 * @property {number} slice
 * @property {ArrayBuffer} bytes
 *
 * @typedef {object} KeptPart  A run of slices that is uploaded as one object; its bytes never change.
 * @property {string} attempt
 * @property {TrackName} track
 * @property {number} segment
 * @property {number} part
 * @property {number} size
 * @property {number} startMs
 * @property {number} endMs
 * @property {0 | 1} closed
 * @property {0 | 1} uploaded
 * @property {string | null} sha256
 *
 * @typedef {"idle" | "starting" | "recording" | "interrupted" | "finishing" | "finished"} Phase
 *
 * @typedef {object} Snapshot
 * @property {Phase} phase
 * @property {string | null} answer
 * @property {string | null} attempt  this browser's id of it
 * @property {number} elapsedMs  recorded so far, without interruptions
 * @property {number} minMs
 * @property {number} maxMs
 * @property {boolean} canFinish
 * @property {TrackName[]} missing  tracks that wait for a new stream
 * @property {string | null} problem
 */
export {};
