"""The faults: mistakes that implementations of Raft have made, or that this one invites; and
those of the work that it agrees on."""

from __future__ import annotations

from .awards import AWARDS
from .mutant import RAFT, Mutant

STORAGE = tuple(
    f'tests/runtime/test_{name}.py'
    for name in ('wal', 'wal_checkpoint', 'log_writer', 'wal_crashes', 'wal_model')
)

MUTANTS = (
    # Elections
    Mutant(
        'sends a vote before it is on the disk',
        f'{RAFT}/elections.py',
        'is_granted=True, is_poll=request.is_poll)\n        state.promise(',
        'is_granted=True, is_poll=request.is_poll)\n        state.send(',
    ),
    Mutant(
        'asks for votes before its own is on the disk',
        f'{RAFT}/elections.py',
        'state.promise(peer, request)',
        'state.send(peer, request)',
    ),
    Mutant(
        'grants votes to logs that lack entries',
        f'{RAFT}/elections.py',
        'not is_current or not log.is_up_to_date(request.last_index, request.last_term)',
        'not is_current',
    ),
    Mutant(
        'grants two votes in a term',
        f'{RAFT}/elections.py',
        "request.term == state.term and state.voted_for in ('', sender)",
        'request.term == state.term',
    ),
    Mutant(
        'counts refusals as votes',
        f'{RAFT}/elections.py',
        '{robot for robot, granted in self._ballot.items() if granted}',
        'set(self._ballot)',
    ),
    Mutant(
        'counts votes of an earlier term',
        f'{RAFT}/elections.py',
        'state.role is RaftRole.CANDIDATE and reply.term == state.term',
        'state.role is RaftRole.CANDIDATE',
    ),
    Mutant(
        'draws the same election timeout for everybody',
        f'{RAFT}/elections.py',
        'self._rng.uniform(config.election_min_s, config.election_max_s)',
        'config.election_min_s',
    ),
    Mutant(
        'stands for election without a poll (no pre-vote)',
        f'{RAFT}/node.py',
        'self._act_on(self._elections.poll(now, cause), now)',
        'self._elections.campaign(now, cause)',
    ),
    Mutant(
        'supports anybody while it hears a leader (no stickiness)',
        f'{RAFT}/elections.py',
        'return hears_leader and request.term > state.term and not request.is_handover',
        'return False',
    ),
    Mutant(
        'goes on leading without a majority (no check-quorum)',
        f'{RAFT}/node.py',
        'if now - heard_at > self.config.election_max_s:',
        'if False:',
    ),
    Mutant(
        'keeps its vote when the term changes',
        f'{RAFT}/state.py',
        "            self.term = term\n            self.voted_for = ''",
        '            self.term = term',
    ),
    Mutant(
        'forgets term and vote when it restarts',
        f'{RAFT}/restore.py',
        '                hard = record\n',
        '                pass\n',
    ),
    Mutant(
        'lets learners stand for election',
        f'{RAFT}/node.py',
        'if self._state.may_stand:\n                cause',
        'if True:\n                cause',
    ),
    # Replication
    Mutant(
        'acknowledges entries before they are on the disk',
        f'{RAFT}/follower.py',
        'state.promise(sender, self._acceptance(message.round, last_new))',
        'state.send(sender, self._acceptance(message.round, last_new))',
    ),
    Mutant(
        'acknowledges in answers to heartbeats what is not on the disk',
        f'{RAFT}/follower.py',
        'durable = min(last_new, state.durability.index)',
        'durable = last_new',
    ),
    Mutant(
        'takes entries without looking at those before them',
        f'{RAFT}/follower.py',
        'elif state.log.term_at(prev_index) != message.prev_term:',
        'elif prev_index > state.log.last_index:',
    ),
    Mutant(
        'commits more than it is known to share with the leader',
        f'{RAFT}/follower.py',
        'state.commit(min(message.commit_index, last_new))',
        'state.commit(min(message.commit_index, state.log.last_index))',
    ),
    Mutant(
        'follows leaders of earlier terms',
        f'{RAFT}/node.py',
        'if message.term < self.term:\n            # The sender',
        'if False:\n            # The sender',
    ),
    Mutant(
        'lets an old message shorten the log',
        f'{RAFT}/log.py',
        'if known == entry.term:',
        'if known == entry.term and entry.index <= committed:',
    ),
    Mutant(
        'compares logs by their length alone',
        f'{RAFT}/log.py',
        'return (last_term, last_index) >= (self.last_term, self.last_index)',
        'return last_index >= self.last_index',
    ),
    Mutant(
        'looks for the common beginning entry by entry',
        f'{RAFT}/log.py',
        'while index > self.base_index and self.term_at(index) > term:',
        'while False:',
    ),
    Mutant(
        'believes that what was replaced is still on the disk',
        f'{RAFT}/durability.py',
        'self.index = min(self.index, index - 1)',
        'pass',
    ),
    Mutant(
        'keeps entries on restart that had been replaced',
        f'{RAFT}/restore.py',
        'del entries[position:]\n                entries.append(record)',
        'entries[position : position + 1] = [record]',
    ),
    Mutant(
        'sends without a bound to a follower that does not answer',
        f'{RAFT}/progress.py',
        'return len(self._inflight) < max_messages and self._inflight_bytes < max_bytes',
        'return True',
    ),
    Mutant(
        'steps back at refusals that are out of date',
        f'{RAFT}/progress.py',
        'if self.pace is Pace.SNAPSHOT or not self.match_index < prev_index < self.next_index:',
        'if self.pace is Pace.SNAPSHOT:',
    ),
    # Commitment
    Mutant(
        'counts entries of earlier terms (figure 8)',
        f'{RAFT}/leader.py',
        'if index <= state.commit_index or self._log.term_at(index) != state.term:',
        'if index <= state.commit_index:',
    ),
    Mutant(
        'counts itself before its own disk has answered',
        f'{RAFT}/leader.py',
        'one.match_index, state.durability.index)',
        'one.match_index, self._log.last_index)',
    ),
    Mutant(
        'commits what half of the members hold',
        f'{RAFT}/membership.py',
        'sorted(map(value_of, voters), reverse=True)[len(voters) // 2]',
        'sorted(map(value_of, voters), reverse=True)[(len(voters) - 1) // 2]',
    ),
    Mutant(
        'elects with half of the members',
        f'{RAFT}/membership.py',
        '2 * sum(robot in robots for robot in voters) > len(voters)',
        '2 * sum(robot in robots for robot in voters) >= len(voters)',
    ),
    Mutant(
        'applies entries before they are committed',
        f'{RAFT}/node.py',
        """        committed = tuple(self.log.slice(self._handed_out + 1, self.commit_index + 1))
        self._handed_out = self.commit_index
""",
        """        committed = tuple(self.log.slice(self._handed_out + 1, self.log.last_index + 1))
        self._handed_out = self.log.last_index
""",
    ),
    # Membership
    Mutant(
        'asks only the new voters while the group changes',
        f'{RAFT}/membership.py',
        'return (self.voters, self.outgoing) if self.outgoing else (self.voters,)',
        'return (self.voters,)',
    ),
    Mutant(
        'begins a change while another is under way',
        f'{RAFT}/leader.py',
        'if before.is_joint or self._log.membership_index > self._state.commit_index:',
        'if False:',
    ),
    Mutant(
        'begins a change that leaves no majority',
        f'{RAFT}/leader.py',
        'if after.lost_quorum(missing):',
        'if False:',
    ),
    Mutant(
        'never leaves the joint membership',
        f'{RAFT}/leader.py',
        'if not membership.is_joint or self._log.membership_index > self._state.commit_index:',
        'if True:',
    ),
    Mutant(
        'leads on after it was removed',
        f'{RAFT}/leader.py',
        '            not membership.is_voter(self._state.config.me)\n            and self._log',
        '            False\n            and self._log',
    ),
    Mutant(
        'keeps a membership whose entry was replaced',
        f'{RAFT}/log.py',
        'while self._memberships[-1][0] >= index and len(self._memberships) > 1:',
        'while False:',
    ),
    # Handing over
    Mutant(
        'has a member take over that lacks entries',
        f'{RAFT}/leader.py',
        'if progress is not None and progress.match_index == self._log.last_index:',
        'if progress is not None:',
    ),
    Mutant(
        'takes commands while it hands over',
        f'{RAFT}/node.py',
        """        if leading.transfer_to:
            raise NotLeaderError(f'{self.config.me} is handing over""",
        """        if False:
            raise NotLeaderError(f'{self.config.me} is handing over""",
    ),
    Mutant(
        'goes on with a disk that hangs',
        f'{RAFT}/leader.py',
        'if now - self._state.durability.oldest_write() > self._state.config.disk_stall_s:',
        'if False:',
    ),
    Mutant(
        'takes over whoever says so',
        f'{RAFT}/node.py',
        'is_asked = term == self.term and sender == self.leader',
        'is_asked = term == self.term',
    ),
    # Reads
    Mutant(
        'answers reads by a lease that does not end',
        f'{RAFT}/leader.py',
        'return now < lease_end and not self._has_called_successor',
        'return not self._has_called_successor',
    ),
    Mutant(
        'answers reads by a lease after it has called a successor',
        f'{RAFT}/leader.py',
        'return now < lease_end and not self._has_called_successor',
        'return now < lease_end',
    ),
    Mutant(
        'forgets that clocks drift',
        f'{RAFT}/config.py',
        'return self.election_min_s * (1 - self.clock_drift) / (1 + self.clock_drift)',
        'return self.election_min_s',
    ),
    Mutant(
        'answers reads before an entry of its own term is committed',
        f'{RAFT}/leader.py',
        'if self._reads.is_empty or not self.is_settled:',
        'if self._reads.is_empty:',
    ),
    Mutant(
        'proves reads by answers to what it sent before',
        f'{RAFT}/leader.py',
        'self._reads.add(reader, context, self._round + 1)',
        'self._reads.add(reader, context, self._round - 1)',
    ),
    # Snapshots
    Mutant(
        'installs damaged snapshots',
        f'{RAFT}/snapshots.py',
        'if len(data) != chunk.size or checksum_of(data) != chunk.checksum:',
        'if len(data) != chunk.size:',
    ),
    Mutant(
        'keeps a log that conflicts with the snapshot',
        f'{RAFT}/log.py',
        'if self.term_at(snapshot.index) == snapshot.term:\n            self.compact(',
        'if self.term_at(snapshot.index) >= 0:\n            self.compact(',
    ),
    Mutant(
        'acknowledges a snapshot before it is on the disk',
        f'{RAFT}/follower.py',
        '        if is_installed:\n            state.promise(sender, reply)',
        '        if is_installed:\n            state.send(sender, reply)',
    ),
    Mutant(
        'starts a snapshot over whenever it is interrupted',
        f'{RAFT}/snapshots.py',
        'if identity != self._identity:',
        'if identity != self._identity or chunk.offset == 0 or not chunk.data:',
    ),
    # Sessions
    Mutant(
        'applies a repeated command again',
        f'{RAFT}/sessions.py',
        """        if number in known.results:
            return CommandApplied(session, number, known.results[number], is_repeat=True)
        result =""",
        """        result =""",
    ),
    Mutant(
        'opens a session for whoever uses one that has ended',
        f'{RAFT}/sessions.py',
        """        if known is None:
            return CommandRefused(session, number, Refusal.ENDED)
        self._sessions[session] = known""",
        """        if known is None:
            known = _Session()
        self._sessions[session] = known""",
    ),
    Mutant(
        'leaves the sessions out of snapshots',
        f'{RAFT}/sessions.py',
        '_Table(self.limit, self.index, self._sessions,',
        '_Table(self.limit, self.index, {},',
    ),
    # Storage
    Mutant(
        'appends to the log without a sync',
        'runtime/wal.py',
        '            self._write(records)\n            self._sync()\n',
        '            self._write(records)\n',
        STORAGE,
    ),
    Mutant(
        'gives a segment its name before it is on the disk',
        'runtime/wal_files.py',
        '        calls.fdatasync(descriptor)\n',
        '',
        STORAGE,
    ),
    Mutant(
        'takes a new segment for kept without syncing the folder',
        'runtime/wal_files.py',
        '        calls.sync_folder(folder)\n',
        '',
        STORAGE,
    ),
    Mutant(
        'drops damage that something vouches for',
        'runtime/wal_survey.py',
        'if vouched >= found.next_frame or (is_last and unreadable is not None):',
        'if False:',
        STORAGE,
    ),
    Mutant(
        'says that records are durable before it writes them',
        'runtime/log_writer.py',
        """                self._write(batch)
                self._on_outcome(Persisted(batch[-1].sequence))
""",
        """                self._on_outcome(Persisted(batch[-1].sequence))
                self._write(batch)
""",
        STORAGE,
    ),
    *AWARDS,
)
