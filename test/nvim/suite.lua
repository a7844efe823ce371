-- The plugin in a real Neovim against a real daemon; see harness.lua.
package.path = vim.fs.dirname(debug.getinfo(1, 'S').source:sub(2)) .. '/?.lua;' .. package.path
local h = require('harness')
local case, wait, same, holds = h.case, h.wait, h.same, h.holds

local function key(lhs)
  vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes(lhs, true, false, true), 'x', false)
end

case('nothing is started, and the status line is empty, before the first command', function()
  same(package.loaded['orion.store'], nil, 'the connection')
  same(require('orion').status(), '')
end)

local rival = h.connect()
local agent = h.connect({ principal = 'agent:demo', scopes = { 'read', 'propose' } })

local function insight(id, data)
  return rival.call('record/create', { type = 'OrionInsight', id = id, data = vim.tbl_extend('keep', data or {}, { summary = 'of ' .. id, domain = 'tests' }) })
end

case('a list shows what others write, as they write it', function()
  vim.cmd('Orion jobs')
  h.wait_shown('live')
  wait('the messages', function()
    local pulse = require('orion.store').current().pulse
    return pulse and pulse.id
  end)
  rival.call('record/create', { type = 'JobResult', data = { jobId = 'unit-tests', status = 'FAILURE', metrics = { durationMs = 1500, exitCode = 3 } } })
  h.wait_shown('unit-tests')
  holds(h.shows('FAILURE') and h.shows('1.5 s'), 'the state and the time')
  h.wait_told('job unit-tests has failed')
  wait('the status line', function()
    return require('orion').status() == 'orion: 1 failing'
  end)
  same(vim.bo.buftype, 'nofile')
  same(vim.bo.modeline, false)
  same(vim.bo.modifiable, false)
end)

case('what a record says is shown, and never obeyed', function()
  local evil = '\27[31mred\27[0m vim: set textwidth=7 :\r\nsecond \226\128\174line\194\155 %{system("touch x")} <script>'
  insight('evil', { summary = evil })
  vim.cmd('Orion show OrionInsight evil')
  h.wait_shown('second \\u202eline\\u009b %{system')
  holds(h.shows('\\u001b[31mred\\u001b[0m'), 'the control characters as codes')
  same(h.text():find('[%z\1-\9\11-\31\127]'), nil, 'a control character')
  same(vim.bo.textwidth, 0, 'the modeline')
  vim.cmd('Orion insights')
  h.wait_shown('\\u001b[31mred')
  same(h.text():find('[%z\1-\9\11-\31\127]'), nil, 'a control character in the list')
  holds(not require('orion').status():find('evil'), 'a status without text of records')
end)

case('an id that looks like a command is a name, and is found again', function()
  local id = 'a|b `touch oops` %:p #x *é'
  insight(id)
  vim.cmd('Orion show OrionInsight ' .. id)
  h.wait_shown('of ' .. id)
  local name = vim.api.nvim_buf_get_name(0)
  same(name:match('^orion://record/OrionInsight/[%w%%_.:-]+$'), name)
  vim.cmd('bwipeout')
  vim.cmd.edit(vim.fn.fnameescape(name))
  h.wait_shown('of ' .. id)
  same(vim.uv.fs_stat('oops'), nil, 'what a shell would have made')
end)

case('a page follows its record, and shows its history and what differs', function()
  insight('past', { summary = 'first' })
  vim.cmd('Orion show OrionInsight past')
  h.wait_shown('first')
  rival.call('record/update', { type = 'OrionInsight', id = 'past', expectedVersion = 1, set = { summary = 'second' } })
  h.wait_shown('second')
  vim.cmd('Orion history')
  h.wait_shown('updated')
  holds(h.shows('created') and h.shows('summary'), 'both versions')
  vim.cmd('Orion diff OrionInsight past')
  wait('two windows in diff mode', function()
    local windows = vim.api.nvim_tabpage_list_wins(0)
    return #windows == 2 and vim.wo[windows[1]].diff and vim.wo[windows[2]].diff
  end)
  local windows = vim.api.nvim_tabpage_list_wins(0)
  holds(h.shows('first', vim.api.nvim_win_get_buf(windows[1])), 'the old version on the left')
  holds(h.shows('second', vim.api.nvim_win_get_buf(windows[2])), 'the new version on the right')
end)

local function edit(id)
  vim.cmd('Orion edit OrionInsight ' .. id)
  wait('the editor', function()
    return vim.bo.buftype == 'acwrite' and h.shows('"summary"')
  end)
end

local function replace(from, to)
  local lines = vim.tbl_map(function(line)
    return (line:gsub(vim.pesc(from), (to:gsub('%%', '%%%%'))))
  end, h.lines())
  vim.api.nvim_buf_set_lines(0, 0, -1, false, lines)
end

local function get(id)
  return rival.call('record/get', { type = 'OrionInsight', id = id })
end

case('writing stores what was changed and nothing else, members that are null included', function()
  local extra = { kept = vim.NIL, list = { 1, vim.NIL }, big = 9007199254740991, small = 0.1 }
  local data = { summary = 'of edited', domain = 'tests', extra = extra, tags = { 'a' }, confidenceScore = 0.3 }
  -- The editor's own JSON would round the number.
  local text = vim.json.encode(data):gsub('9%.007[%de.+]+', '9007199254740991')
  h.run('create', 'OrionInsight', '--id', 'edited', '--data', text)
  edit('edited')
  holds(h.shows('"kept": null') and h.shows('9007199254740991') and h.shows('0.3'), 'the exact values')
  replace('"of edited"', '"changed \\u202e here"')
  replace('"small": 0.1', '"small": 0.25')
  vim.cmd('write')
  same(vim.bo.modified, false)
  -- As the program tells it: the client of Neovim 0.10 leaves out members that are null.
  local stored = h.run('get', 'OrionInsight', 'edited')
  same(stored.version, 2)
  same(stored.data.summary, 'changed \226\128\174 here')
  same(stored.data.extra, { kept = vim.NIL, list = { 1, vim.NIL }, big = 9007199254740991, small = 0.25 })
  local versions = rival.call('record/history', { type = 'OrionInsight', id = 'edited' }).versions
  same(versions[1].changedFields, { 'extra', 'summary' })
  vim.cmd('write')
  same(get('edited').version, 2, 'nothing is written when nothing has changed')
  replace('"domain"', '"domain')
  vim.cmd('silent! write')
  h.wait_told('expected the JSON of an object')
  same(vim.bo.modified, true)
end)

case('whoever comes second sees theirs, and writes over nothing that was not shown', function()
  insight('raced')
  edit('raced')
  replace('"of raced"', '"mine"')
  rival.call('record/update', { type = 'OrionInsight', id = 'raced', expectedVersion = 1, set = { domain = 'theirs' } })
  vim.cmd('silent! write')
  h.wait_told('was first: domain (version 2)')
  same(get('raced').version, 2, 'nothing was written')
  wait('theirs beside mine', function()
    return #vim.api.nvim_tabpage_list_wins(0) == 2 and vim.wo.diff
  end)
  holds(vim.bo.buftype == 'acwrite' and vim.bo.modified, 'the cursor in mine')
  -- Once more somebody else is faster.
  rival.call('record/update', { type = 'OrionInsight', id = 'raced', expectedVersion = 2, set = { tags = { 'faster' } } })
  vim.cmd('silent! write!')
  h.wait_told('(version 3)')
  same(get('raced').version, 3, 'nothing was written')
  vim.cmd('write!')
  local stored = get('raced')
  same({ stored.version, stored.data.summary, stored.data.domain, stored.data.tags }, { 4, 'mine', 'theirs', { 'faster' } })
  wait('what is stored', function()
    return h.shows('"faster"') and not vim.bo.modified
  end)
end)

case('words, types, ids and states are completed', function()
  vim.cmd('Orion insights')
  h.wait_shown('mine')
  local function complete(line)
    return vim.fn.getcompletion('Orion ' .. line, 'cmdline')
  end
  same(complete('pro'), { 'proposals' })
  same(complete('show OrionI'), { 'OrionInsight' })
  same(complete('show OrionInsight rac'), { 'raced' })
  same(complete('jobs f'), { 'failed' })
  same(complete('watch OrionP'), { 'OrionPattern.*' })
  same(complete('nosuch x'), {})
end)

case('records are found by their words, and opened', function()
  insight('needle', { summary = 'a needle of \240\159\166\128 in the haystack' })
  vim.cmd('Orion search needle')
  h.wait_shown('OrionInsight needle')
  holds(h.shows('of \240\159\166\128 in'), 'the place')
  vim.api.nvim_win_set_cursor(0, { 3, 0 })
  key('<CR>')
  h.wait_shown('version 1')
end)

local function propose(id, target, version)
  return agent.call('proposal/create', {
    id = id,
    operations = { { op = 'update', type = 'OrionInsight', id = target, expectedVersion = version, set = { summary = 'as proposed' } } },
    reason = 'because of \27[2J it',
    submit = true,
  })
end

case('a proposal is reviewed, approved after a question, and carried out', function()
  insight('plan')
  vim.cmd('Orion proposals')
  local proposed = propose('p1', 'plan', 1)
  h.wait_shown('because of \\u001b[2J it')
  wait('the status line', function()
    return require('orion').status():find('1 proposal') ~= nil
  end)
  local asked
  vim.fn.confirm = function(question)
    asked = { question = question, shown = h.text() }
    return 2
  end
  vim.api.nvim_win_set_cursor(0, { 4, 0 })
  vim.cmd('Orion approve')
  h.wait_told('not approved')
  holds(asked.shown:find('digest ' .. proposed.digest, 1, true), 'the digest before the question')
  holds(asked.shown:find('- summary: of plan', 1, true) and asked.shown:find('+ summary: as proposed', 1, true), 'both values')
  same(rival.call('record/get', { type = 'Proposal', id = 'p1' }).data.status, 'pending')
  vim.fn.confirm = function()
    return 1
  end
  key('A')
  h.wait_told('p1 is approved, 1 of 1 approvals')
  h.wait_shown('approved, 1 of 1')
  key('X')
  h.wait_told('p1 is executed')
  same(get('plan').data.summary, 'as proposed')
  h.wait_shown('executed')
end)

case('a proposal that becomes void while it is looked at says so, and is not approved', function()
  insight('moving')
  propose('p2', 'moving', 1)
  vim.cmd('Orion review p2')
  h.wait_shown('+ summary: as proposed')
  rival.call('record/update', { type = 'OrionInsight', id = 'moving', expectedVersion = 1, set = { domain = 'moved' } })
  h.wait_shown('has moved from version 1 to 2: the proposal is void')
  vim.fn.confirm = function()
    error('nothing may be asked')
  end
  vim.cmd('Orion approve')
  h.wait_told('it is void')
end)

case('what was changed between the question and the answer is refused', function()
  insight('swift')
  propose('p3', 'swift', 1)
  vim.fn.confirm = function()
    rival.call('record/update', { type = 'OrionInsight', id = 'swift', expectedVersion = 1, set = { domain = 'meanwhile' } })
    return 1
  end
  vim.cmd('Orion approve p3')
  wait('a refusal', function()
    return h.told('Somebody else was first') or h.told('it has changed while you were asked')
  end)
  same(get('swift').data.summary, 'of swift')
end)

case('a proposal is rejected with a reason, and not without', function()
  insight('bad')
  propose('p4', 'bad', 1)
  vim.ui.input = function(_, done)
    done('')
  end
  vim.cmd('Orion reject p4')
  h.wait_told('not rejected')
  vim.cmd('Orion reject p4 not now, please')
  h.wait_told('p4 is rejected')
  same(rival.call('record/get', { type = 'Proposal', id = 'p4' }).data.reviewComment, 'not now, please')
end)

case('a list goes through its pages', function()
  h.fresh({ page_size = 5 })
  local operations = {}
  for index = 1, 12 do
    table.insert(operations, { op = 'create', type = 'OrionPattern', id = 'page-' .. index, data = { trigger = 'when ' .. index, steps = { 'a' } } })
  end
  rival.call('record/transact', { operations = operations })
  vim.cmd('Orion patterns')
  h.wait_shown('1–5 of 12')
  key(']]')
  h.wait_shown('6–10 of 12')
  key(']]')
  h.wait_shown('11–12 of 12')
  same(#h.lines(), 5, 'lines')
  key('[[')
  h.wait_shown('6–10 of 12')
end)

case('what is too large is cut, and said to be', function()
  insight('large', { summary = ('x'):rep(300000) })
  vim.cmd('Orion show OrionInsight large')
  h.wait_shown('too large to show: 100000 of 300000 bytes')
  for _, line in ipairs(h.lines()) do
    holds(#line < 2100, 'short lines')
  end
end)

case('wrong words are told with the right ones', function()
  vim.cmd('Orion nosuch')
  h.wait_told('there is no :Orion nosuch; there are approve')
  vim.cmd('Orion show OrionInsight')
  h.wait_told('expected an id after OrionInsight')
  vim.cmd('Orion show OrionInsight no-such-record')
  h.wait_shown('It is not there')
  require('orion').setup({ page_size = 0, colour = true })
  h.wait_told('there is no setting colour')
end)

case('a daemon that is killed is found again, and a watch misses nothing and repeats nothing', function()
  h.fresh({ watch_lines = 500 })
  vim.cmd('Orion watch OrionInsight.*')
  h.wait_shown('live')
  local expected = {}
  local function write(peer, count)
    for _ = 1, count do
      local id = ('watched-%03d'):format(#expected + 1)
      peer.call('record/create', { type = 'OrionInsight', id = id, data = { summary = id, domain = 'watch' } })
      table.insert(expected, id)
    end
  end
  local function seen()
    local ids = {}
    for _, line in ipairs(h.lines()) do
      table.insert(ids, line:match('(watched%-%d+)'))
    end
    return ids
  end
  write(rival, 20)
  wait('the first events', function()
    return #seen() == #expected
  end)
  for _ = 1, 2 do
    local pid = h.run('endpoint').pid
    vim.uv.kill(pid, 'sigkill')
    rival = h.connect()
    holds(rival.pid ~= pid, 'another daemon')
    write(rival, 20)
    wait('events after the daemon was killed', function()
      return #seen() >= #expected and h.shows('live')
    end)
    same(seen(), expected)
  end
  same(h.told('Error'), false)
  holds(not h.shows('a gap'), 'no gap')
end)

case('a watch holds its last lines and no more', function()
  h.fresh({ watch_lines = 10 })
  vim.cmd('Orion watch OrionInsight.*')
  h.wait_shown('live')
  for index = 1, 25 do
    insight('many-' .. index)
  end
  h.wait_shown('many-25 ')
  same(#h.lines(), 11, 'lines')
  holds(not h.shows('many-15 ') and h.shows('many-16 '), 'the last ten')
end)

case('the health check tells of the program, the settings and the connection', function()
  vim.cmd('checkhealth orion')
  h.wait_shown('connected by ' .. h.transport)
  holds(h.shows('version ') and h.shows('as owner, who may read'), 'the facts')
end)

case('the help has every command, and its tags lead somewhere', function()
  local folder = vim.fs.dirname(vim.api.nvim_get_runtime_file('doc/orion.txt', false)[1])
  for _, name in ipairs(require('orion.commands').names()) do
    vim.cmd('help :Orion-' .. name)
    same(vim.fs.basename(vim.api.nvim_buf_get_name(0)), 'orion.txt', name)
  end
  local tags = {}
  for _, line in ipairs(vim.fn.readfile(folder .. '/tags')) do
    tags[line:match('^(%S+)')] = true
  end
  for tag in h.text():gmatch('|([^|%s]+)|') do
    holds(tags[tag] or #vim.fn.getcompletion(tag, 'help') > 0, 'the tag ' .. tag)
  end
  local made = vim.fn.tempname()
  vim.fn.mkdir(made)
  vim.uv.fs_copyfile(folder .. '/orion.txt', made .. '/orion.txt')
  vim.cmd.helptags(made)
  same(vim.fn.readfile(folder .. '/tags'), vim.fn.readfile(made .. '/tags'), 'doc/tags, as :helptags makes it')
end)

-- From here on nothing is connected: each begins as a fresh editor.
local function elsewhere(settings)
  require('orion.store').forget()
  h.fresh(settings)
end

case('without a program a list says so, and what to do', function()
  elsewhere({ cmd = { 'no-such-orion' } })
  vim.cmd('Orion jobs')
  h.wait_shown('There is no program')
  holds(h.shows('there is no program no-such-orion') and h.shows('What to do: install Orion'), 'the remedy')
  same(require('orion').status(), 'orion: no daemon')
end)

case('a program that a repository brings along is not run', function()
  local repository = vim.fn.tempname()
  vim.fn.mkdir(repository .. '/.git', 'p')
  local trap = repository .. '/orion'
  vim.fn.writefile({ '#!/bin/sh', 'touch ' .. repository .. '/ran' }, trap)
  vim.uv.fs_chmod(trap, 493)
  local path, directory = vim.env.PATH, vim.fn.getcwd()
  vim.env.PATH = '.:' .. repository .. ':' .. path
  vim.cmd.cd(repository)
  elsewhere({ cmd = { 'orion' } })
  vim.cmd('Orion jobs')
  h.wait_shown('The program is part of this repository')
  vim.cmd('checkhealth orion')
  same(vim.uv.fs_stat(repository .. '/ran'), nil)
  vim.env.PATH = path
  vim.cmd.cd(directory)
end)

case('a daemon that can’t be started is told with its cause, a list lives when it can, and a newer store is left alone', function()
  local store = vim.fn.tempname()
  vim.fn.writefile({ 'no directory' }, store)
  local cmd = vim.list_extend(vim.list_slice(h.orion, 1, #h.orion - 2), {})
  elsewhere({ cmd = cmd, store = store })
  vim.cmd('Orion jobs')
  h.wait_shown('to be a directory')
  holds(h.shows('What to do: '), 'a remedy')
  vim.uv.fs_unlink(store)
  vim.cmd('Orion reconnect')
  h.wait_shown('There is nothing here yet')
  require('orion.store').close_all()
  vim.system(vim.list_extend(vim.list_slice(cmd), { '--store', store, 'stop' })):wait()
  -- The same store, as if a newer version had written it: SQLite keeps its format there.
  local file = assert(io.open(store .. '/store.sqlite', 'r+b'))
  file:seek('set', 60)
  file:write('\0\0\35\40')
  file:close()
  vim.cmd('Orion reconnect')
  h.wait_shown('format 9000')
  holds(h.shows('What to do: '), 'a remedy')
end)

h.finish()
