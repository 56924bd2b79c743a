<#
.SYNOPSIS
Shows on a real Windows machine what Segue's tests in Wine cannot show.

.DESCRIPTION
Installs Segue's service from a folder, looks at what Windows made of it, downloads from a server of its own on
loopback, lets a second user try what he must not, and removes everything again. It prints a line for each check:

    PASS name
    FAIL name: expected ..., saw ...
    SKIP name: why it cannot be looked at on this machine

and then a summary. The exit code is 0 when nothing failed, 1 when something failed, and 2 when it could not begin.
docs/windows-checks.md says what each check is about.

It needs Windows PowerShell 5.1 in a window that was opened as administrator, at the screen or over remote desktop,
and a machine on which Segue is not installed. It makes the local user segue-check, the folder \segue-check on the
system's drive and, for a moment, the address of a PAC file in your own proxy settings. It takes some minutes, and
removes what it made also when Ctrl-C ends it. What is left of a run that was ended otherwise, -CleanUp removes.

.PARAMETER Programs
The folder with seg.exe and segd.exe; that of this script unless given.

.PARAMETER Msi
Segue's MSI: it is installed, repaired and removed after the other checks.

.PARAMETER NextMsi
An MSI of a higher version: an upgrade in mid-download, and a refused downgrade.

.PARAMETER Tests
The folder with the test programs of a build for Windows (test_*.exe and contract_*.exe): each of them is run.

.PARAMETER Only
Names of checks, with wildcards and commas between them: only these are made.

.PARAMETER CleanUp
Only removes what an earlier run left behind: Segue's service and data with it.

.EXAMPLE
powershell -ExecutionPolicy Bypass -File windows-checks.ps1 -Msi segue-0.1.0-x64.msi
#>
[CmdletBinding()]
param(
    [string] $Programs = $PSScriptRoot,
    [string] $Msi = '',
    [string] $NextMsi = '',
    [string] $Tests = '',
    [string[]] $Only = @(),
    [switch] $CleanUp
)

Set-StrictMode -Version 1
$ErrorActionPreference = 'Stop'

$ServiceSid = 'S-1-5-80-4280619732-839869575-4031326268-3334226125-3369091928'
$SystemSid = 'S-1-5-18'
$AdministratorsSid = 'S-1-5-32-544'
$UsersSid = 'S-1-5-32-545'
$UserName = 'segue-check'
$System = Join-Path $env:SystemRoot 'System32'
$Work = Join-Path $env:SystemDrive '\segue-check'
$Marker = Join-Path $Work 'made-by-windows-checks.txt'
$Bin = Join-Path $Work 'bin'
$Open = Join-Path $Work 'open'
$Private = Join-Path $Work 'private'
$Shared = Join-Path $Work 'shared'
$SegExe = Join-Path $Bin 'seg.exe'
$SegdExe = Join-Path $Bin 'segd.exe'
$DataFolder = Join-Path $env:ProgramData 'Segue'
$PublicFolder = Join-Path $env:PUBLIC 'Downloads\Segue'
$ProgramFolder = Join-Path $env:ProgramFiles 'Segue'
$ServiceKey = 'HKLM:\SYSTEM\CurrentControlSet\Services\Segue'
$SourceKey = 'HKLM:\SYSTEM\CurrentControlSet\Services\EventLog\Application\Segue'
$MachinePathKey = 'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager\Environment'
$PacBefore = Join-Path $Work 'pac-before.txt'
$MiB = 1048576

$Passed = 0
$Failed = 0
$Skipped = 0
$Tools = New-Object System.Collections.ArrayList
$Password = $null
$UserSid = ''
$Origin = $null
$Begin = Get-Date

$Source = @'
using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security;
using System.Text;
using System.Threading;
using Microsoft.Win32.SafeHandles;

namespace SegueChecks
{
    // A program that runs, as the person who runs this script or as another user. It gets no input; what it writes
    // is collected.
    public sealed class Tool
    {
        readonly Process process;
        readonly StringBuilder output = new StringBuilder();
        readonly StringBuilder errors = new StringBuilder();
        Thread outputReader;
        Thread errorsReader;

        Tool(ProcessStartInfo info)
        {
            process = Process.Start(info);
            process.StandardInput.Close();
            outputReader = Collect(process.StandardOutput, output);
            errorsReader = Collect(process.StandardError, errors);
        }

        // `user`: "" for the person who runs this; `variables`: "NAME=VALUE", for that person's own programs only.
        public static Tool Start(string file, string[] words, string folder, string user, SecureString password,
                                 string[] variables)
        {
            ProcessStartInfo info = new ProcessStartInfo(file, Join(words));
            info.WorkingDirectory = folder;
            info.UseShellExecute = false;
            info.CreateNoWindow = true;
            info.RedirectStandardInput = true;
            info.RedirectStandardOutput = true;
            info.RedirectStandardError = true;
            info.StandardOutputEncoding = new UTF8Encoding(false);
            info.StandardErrorEncoding = new UTF8Encoding(false);
            if (!String.IsNullOrEmpty(user))
            {
                info.UserName = user;
                info.Domain = Environment.MachineName;
                info.Password = password;
                info.LoadUserProfile = true;
            }
            foreach (string variable in variables)
            {
                int sign = variable.IndexOf('=');
                info.EnvironmentVariables[variable.Substring(0, sign)] = variable.Substring(sign + 1);
            }
            return new Tool(info);
        }

        // Words as CommandLineToArgvW takes them apart again.
        public static string Join(string[] words)
        {
            StringBuilder line = new StringBuilder();
            foreach (string word in words)
            {
                if (line.Length > 0)
                    line.Append(' ');
                if (word.Length > 0 && word.IndexOfAny(new char[] { ' ', '\t', '"' }) < 0)
                    line.Append(word);
                else
                    Quote(line, word);
            }
            return line.ToString();
        }

        static void Quote(StringBuilder line, string word)
        {
            int slashes = 0;
            line.Append('"');
            foreach (char c in word)
            {
                if (c == '"')
                    line.Append('\\', slashes + 1);
                slashes = c == '\\' ? slashes + 1 : 0;
                line.Append(c);
            }
            line.Append('\\', slashes);
            line.Append('"');
        }

        static Thread Collect(StreamReader from, StringBuilder to)
        {
            Thread reader = new Thread(delegate()
            {
                char[] piece = new char[4096];
                try
                {
                    int n;
                    while ((n = from.Read(piece, 0, piece.Length)) > 0)
                    {
                        lock (to)
                            to.Append(piece, 0, n);
                    }
                }
                catch (Exception)
                {
                    // it was killed
                }
            });
            reader.IsBackground = true;
            reader.Start();
            return reader;
        }

        // Whether it ended within this time.
        public bool Wait(int milliseconds)
        {
            if (!process.WaitForExit(milliseconds))
                return false;
            outputReader.Join(5000);
            errorsReader.Join(5000);
            return true;
        }

        public void Kill()
        {
            try
            {
                process.Kill();
            }
            catch (InvalidOperationException)
            {
                // it has ended
            }
            catch (Win32Exception)
            {
                // it is ending
            }
            process.WaitForExit(10000);
        }

        public int Code { get { return process.ExitCode; } }
        public int Id { get { return process.Id; } }
        public string Output { get { lock (output) return output.ToString(); } }
        public string Errors { get { lock (errors) return errors.ToString(); } }
    }

    // The bytes of every file that the server below has.
    public static class Content
    {
        public static byte At(long offset)
        {
            return (byte)(((ulong)offset * 2654435761UL) >> 24);
        }

        // "", or what is wrong with the file.
        public static string Differs(string path, long size)
        {
            using (FileStream file = Native.OpenToRead(path))
            {
                if (file.Length != size)
                    return "a length of " + file.Length + " in place of " + size;
                byte[] piece = new byte[65536];
                long offset = 0;
                int n;
                while ((n = file.Read(piece, 0, piece.Length)) > 0)
                {
                    for (int i = 0; i < n; i++)
                    {
                        if (piece[i] != At(offset + i))
                            return "a wrong byte at " + (offset + i);
                    }
                    offset += n;
                }
                return "";
            }
        }
    }

    // A web server on loopback: /SIZE/NAME is a file of SIZE bytes, with ranges; /proxy.pac sends those who ask for the
    // host segue-check.invalid through this server, as a proxy. One thread a connection, a limited number of them.
    public sealed class Origin
    {
        const int MostConnections = 128;
        const int Piece = 16384;
        const long MostBytes = 1L << 30;

        readonly TcpListener listener = new TcpListener(IPAddress.Loopback, 0);
        readonly Stopwatch clock = Stopwatch.StartNew();
        readonly object gate = new object();
        readonly Dictionary<string, long> sent = new Dictionary<string, long>();
        long rate;
        long freeAt;
        int connections;
        volatile bool isOver;

        public int Port { get { return ((IPEndPoint)listener.LocalEndpoint).Port; } }

        // Bytes a second for all connections together; 0: no limit. Changes at once.
        public long Rate
        {
            get { return Interlocked.Read(ref rate); }
            set { Interlocked.Exchange(ref rate, value); }
        }

        public void Start()
        {
            listener.Start();
            Thread thread = new Thread(Accept);
            thread.IsBackground = true;
            thread.Start();
        }

        public void Stop()
        {
            isOver = true;
            listener.Stop();
        }

        public string Url(long size, string name)
        {
            return "http://127.0.0.1:" + Port + "/" + size + "/" + name;
        }

        // Bytes of the body that were sent of this file, on all connections.
        public long Sent(string name)
        {
            lock (gate)
                return sent.ContainsKey(name) ? sent[name] : 0;
        }

        void Accept()
        {
            while (!isOver)
            {
                try
                {
                    TcpClient client = listener.AcceptTcpClient();
                    if (Interlocked.Increment(ref connections) > MostConnections)
                    {
                        Interlocked.Decrement(ref connections);
                        client.Close();
                        continue;
                    }
                    Thread thread = new Thread(delegate() { Serve(client); });
                    thread.IsBackground = true;
                    thread.Start();
                }
                catch (Exception)
                {
                    // stopped, or a client that went away at once
                }
            }
        }

        void Serve(TcpClient client)
        {
            try
            {
                using (client)
                using (NetworkStream stream = client.GetStream())
                {
                    stream.ReadTimeout = 120000;
                    stream.WriteTimeout = 120000;
                    string head;
                    while (!isOver && (head = ReadHead(stream)) != null)
                        Answer(stream, head);
                }
            }
            catch (Exception)
            {
                // the client closed the connection
            }
            finally
            {
                Interlocked.Decrement(ref connections);
            }
        }

        // Up to and with the empty line; null when the client is done.
        static string ReadHead(Stream stream)
        {
            StringBuilder head = new StringBuilder();
            while (head.Length < 32768)
            {
                int c = stream.ReadByte();
                if (c < 0)
                    return null;
                head.Append((char)c);
                if (c == '\n' && head.Length >= 4 && head.ToString(head.Length - 4, 4) == "\r\n\r\n")
                    return head.ToString();
            }
            return null;
        }

        void Answer(Stream stream, string head)
        {
            string target = head.Split(' ')[1];
            if (target.StartsWith("http://"))
                target = target.Substring(target.IndexOf('/', 7));
            string path = target.Split('?')[0];
            string[] parts = path.Split('/');
            long size;
            if (path == "/proxy.pac")
                WriteText(stream, "200 OK", "application/x-ns-proxy-autoconfig", PacFile());
            else if (parts.Length == 3 && Int64.TryParse(parts[1], out size) && size >= 0 && size <= MostBytes)
                WriteFile(stream, head, size, parts[2]);
            else
                WriteText(stream, "404 Not Found", "text/plain", "there is no such file\n");
        }

        string PacFile()
        {
            return "function FindProxyForURL(url, host) {\n" +
                   "    return host == 'segue-check.invalid' ? 'PROXY 127.0.0.1:" + Port + "' : 'DIRECT';\n}\n";
        }

        static void Write(Stream stream, string text)
        {
            byte[] bytes = Encoding.ASCII.GetBytes(text);
            stream.Write(bytes, 0, bytes.Length);
        }

        static void WriteText(Stream stream, string status, string type, string text)
        {
            Write(stream, "HTTP/1.1 " + status + "\r\nContent-Type: " + type + "\r\nContent-Length: " + text.Length +
                              "\r\n\r\n" + text);
        }

        // "bytes=FROM-" and "bytes=FROM-LAST" are known; whoever asks for anything else gets all.
        static bool FindRange(string head, long size, out long from, out long end)
        {
            from = 0;
            end = size;
            foreach (string line in head.Split('\n'))
            {
                if (!line.StartsWith("Range: bytes=", StringComparison.OrdinalIgnoreCase))
                    continue;
                string[] ends = line.Substring(13).Trim().Split('-');
                long last;
                if (ends.Length != 2 || !Int64.TryParse(ends[0], out from))
                    return false;
                if (Int64.TryParse(ends[1], out last) && last + 1 < size)
                    end = last + 1;
                return true;
            }
            return false;
        }

        void WriteFile(Stream stream, string head, long size, string name)
        {
            long from;
            long end;
            bool isPart = FindRange(head, size, out from, out end);
            string common = "ETag: \"segue-check-" + size + "\"\r\nLast-Modified: Thu, 02 Jan 2020 03:04:05 GMT\r\n" +
                            "Accept-Ranges: bytes\r\nContent-Type: application/octet-stream\r\n";
            if (isPart && from >= size)
            {
                Write(stream, "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */" + size +
                                  "\r\nContent-Length: 0\r\n\r\n");
                return;
            }
            if (isPart)
                Write(stream, "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " + from + "-" + (end - 1) + "/" +
                                  size + "\r\n" + common + "Content-Length: " + (end - from) + "\r\n\r\n");
            else
                Write(stream, "HTTP/1.1 200 OK\r\n" + common + "Content-Length: " + size + "\r\n\r\n");
            WriteBody(stream, isPart ? from : 0, isPart ? end : size, name);
        }

        void WriteBody(Stream stream, long from, long end, string name)
        {
            byte[] piece = new byte[Piece];
            while (from < end && !isOver)
            {
                int n = (int)Math.Min(Piece, end - from);
                for (int i = 0; i < n; i++)
                    piece[i] = Content.At(from + i);
                Pace(n);
                stream.Write(piece, 0, n);
                from += n;
                lock (gate)
                    sent[name] = (sent.ContainsKey(name) ? sent[name] : 0) + n;
            }
        }

        // Waits until it is this piece's turn.
        void Pace(int n)
        {
            long bytesPerSecond = Rate;
            if (bytesPerSecond <= 0)
                return;
            long wait;
            lock (gate)
            {
                long now = clock.ElapsedMilliseconds;
                freeAt = Math.Max(freeAt, now) + Math.Max(1, n * 1000L / bytesPerSecond);
                wait = freeAt - now;
            }
            Thread.Sleep((int)Math.Min(wait, 1000));
        }
    }

    public static class Native
    {
        const uint GenericRead = 0x80000000;
        const uint ShareAll = 7;
        const uint OpenExisting = 3;
        const uint QueryLimitedInformation = 0x1000;
        const uint TokenQuery = 8;
        const int TokenPrivileges = 3;
        const int PerConnectionOption = 75; // INTERNET_OPTION_PER_CONNECTION_OPTION
        const int SettingsChanged = 39;     // INTERNET_OPTION_SETTINGS_CHANGED
        const int ConnectionFlags = 1;      // INTERNET_PER_CONN_FLAGS
        const int ConnectionPac = 4;        // INTERNET_PER_CONN_AUTOCONFIG_URL

        [StructLayout(LayoutKind.Sequential)]
        struct PowerStatus
        {
            public byte Line;
            public byte Battery;
            public byte Percent;
            public byte Saver;
            public int Life;
            public int FullLife;
        }

        // INTERNET_PER_CONN_OPTION: the value is a number or points to a text.
        [StructLayout(LayoutKind.Sequential)]
        struct ConnectionOption
        {
            public int Option;
            public IntPtr Value;
        }

        // INTERNET_PER_CONN_OPTION_LIST
        [StructLayout(LayoutKind.Sequential)]
        struct ConnectionOptions
        {
            public int Size;
            public IntPtr Connection;
            public int Count;
            public int Error;
            public IntPtr Options;
        }

        [DllImport("wininet.dll", SetLastError = true)]
        static extern bool InternetQueryOptionW(IntPtr session, int option, ref ConnectionOptions options,
                                                ref int size);

        [DllImport("wininet.dll", SetLastError = true)]
        static extern bool InternetSetOptionW(IntPtr session, int option, ref ConnectionOptions options, int size);

        [DllImport("wininet.dll", SetLastError = true)]
        static extern bool InternetSetOptionW(IntPtr session, int option, IntPtr nothing, int size);

        [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
        static extern bool CreateDirectoryW(string path, IntPtr attributes);

        [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
        static extern SafeFileHandle CreateFileW(string path, uint access, uint share, IntPtr attributes,
                                                 uint disposition, uint flags, IntPtr template);

        [DllImport("kernel32.dll", SetLastError = true)]
        static extern IntPtr OpenProcess(uint access, bool isInherited, int pid);

        [DllImport("kernel32.dll")]
        static extern bool CloseHandle(IntPtr handle);

        [DllImport("kernel32.dll")]
        static extern bool GetSystemPowerStatus(out PowerStatus status);

        [DllImport("advapi32.dll", SetLastError = true)]
        static extern bool OpenProcessToken(IntPtr process, uint access, out IntPtr token);

        [DllImport("advapi32.dll", SetLastError = true)]
        static extern bool GetTokenInformation(IntPtr token, int kind, IntPtr buffer, int size, out int needed);

        [DllImport("advapi32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
        static extern bool LookupPrivilegeNameW(string system, ref long luid, StringBuilder name, ref int length);

        // A folder by a path of any length; one that is there is fine.
        public static void MakeFolder(string path)
        {
            const int alreadyExists = 183;
            if (!CreateDirectoryW("\\\\?\\" + path, IntPtr.Zero) && Marshal.GetLastWin32Error() != alreadyExists)
                throw new Win32Exception();
        }

        // A file by a path of any length.
        public static FileStream OpenToRead(string path)
        {
            SafeFileHandle file = CreateFileW("\\\\?\\" + path, GenericRead, ShareAll, IntPtr.Zero, OpenExisting, 0,
                                              IntPtr.Zero);
            if (file.IsInvalid)
                throw new Win32Exception();
            return new FileStream(file, FileAccess.Read);
        }

        public static bool IsOnMains()
        {
            PowerStatus status;
            return GetSystemPowerStatus(out status) && status.Line == 1;
        }

        // The proxy settings of who runs this, as far as they are about a PAC file: flags, a blank, and its address.
        public static string ReadPac()
        {
            ConnectionOption[] both = new ConnectionOption[2];
            both[0].Option = ConnectionFlags;
            both[1].Option = ConnectionPac;
            ExchangePac(both, false);
            string url = both[1].Value == IntPtr.Zero ? "" : Marshal.PtrToStringUni(both[1].Value);
            return (both[0].Value.ToInt64() & 0xFFFFFFFF) + " " + url;
        }

        // Takes such settings.
        public static void WritePac(string settings)
        {
            int blank = settings.IndexOf(' ');
            IntPtr url = Marshal.StringToHGlobalUni(settings.Substring(blank + 1));
            try
            {
                ConnectionOption[] both = new ConnectionOption[2];
                both[0].Option = ConnectionFlags;
                both[0].Value = (IntPtr)Int64.Parse(settings.Substring(0, blank));
                both[1].Option = ConnectionPac;
                both[1].Value = url;
                ExchangePac(both, true);
                InternetSetOptionW(IntPtr.Zero, SettingsChanged, IntPtr.Zero, 0);
            }
            finally
            {
                Marshal.FreeHGlobal(url);
            }
        }

        static void ExchangePac(ConnectionOption[] both, bool isWritten)
        {
            int each = Marshal.SizeOf(typeof(ConnectionOption));
            int size = Marshal.SizeOf(typeof(ConnectionOptions));
            IntPtr room = Marshal.AllocHGlobal(2 * each);
            try
            {
                for (int i = 0; i < 2; i++)
                    Marshal.StructureToPtr(both[i], IntPtr.Add(room, i * each), false);
                ConnectionOptions options = new ConnectionOptions();
                options.Size = size;
                options.Count = 2;
                options.Options = room;
                bool hasWorked = isWritten
                                     ? InternetSetOptionW(IntPtr.Zero, PerConnectionOption, ref options, size)
                                     : InternetQueryOptionW(IntPtr.Zero, PerConnectionOption, ref options, ref size);
                if (!hasWorked)
                    throw new Win32Exception();
                for (int i = 0; i < 2; i++)
                    both[i] = (ConnectionOption)Marshal.PtrToStructure(IntPtr.Add(room, i * each),
                                                                       typeof(ConnectionOption));
            }
            finally
            {
                Marshal.FreeHGlobal(room);
            }
        }

        // The privileges that a process has, enabled or not, in order of their names.
        public static string[] PrivilegesOf(int pid)
        {
            IntPtr process = OpenProcess(QueryLimitedInformation, false, pid);
            if (process == IntPtr.Zero)
                throw new Win32Exception();
            try
            {
                IntPtr token;
                if (!OpenProcessToken(process, TokenQuery, out token))
                    throw new Win32Exception();
                try
                {
                    return ReadPrivileges(token);
                }
                finally
                {
                    CloseHandle(token);
                }
            }
            finally
            {
                CloseHandle(process);
            }
        }

        // TOKEN_PRIVILEGES: their number, then a LUID (8 bytes) and attributes (4 bytes) of each.
        static string[] ReadPrivileges(IntPtr token)
        {
            int size = 4096;
            IntPtr buffer = Marshal.AllocHGlobal(size);
            try
            {
                if (!GetTokenInformation(token, TokenPrivileges, buffer, size, out size))
                    throw new Win32Exception();
                string[] names = new string[Marshal.ReadInt32(buffer)];
                for (int i = 0; i < names.Length; i++)
                {
                    long luid = Marshal.ReadInt64(buffer, 4 + 12 * i);
                    StringBuilder name = new StringBuilder(128);
                    int length = name.Capacity;
                    if (!LookupPrivilegeNameW(null, ref luid, name, ref length))
                        throw new Win32Exception();
                    names[i] = name.ToString();
                }
                Array.Sort(names, StringComparer.Ordinal);
                return names;
            }
            finally
            {
                Marshal.FreeHGlobal(buffer);
            }
        }
    }
}
'@

# ---- what the checks are made of ----

# Ends a check: what was expected, and what is there.
function Stop-Check {
    param([string] $Expected, [string] $Seen)
    throw ('expected ' + $Expected + ', saw ' + $Seen)
}

function Skip-Check {
    param([string] $Why)
    throw ('SKIP ' + $Why)
}

function Assert-Equal {
    param([string] $What, [string] $Expected, [string] $Seen)
    if ($Expected -cne $Seen) {
        Stop-Check ($What + ' to be "' + $Expected + '"') ('"' + $Seen + '"')
    }
}

function Assert-Match {
    param([string] $What, [string] $Pattern, [string] $Seen)
    if ($Seen -notmatch $Pattern) {
        Stop-Check ($What + ' to have "' + $Pattern + '"') ('"' + $Seen.Trim() + '"')
    }
}

function Assert-True {
    param([string] $Expected, [bool] $IsSo, [string] $Seen)
    if (-not $IsSo) {
        Stop-Check $Expected $Seen
    }
}

# Runs one check and says how it went.
function Check {
    param([string] $CheckName, [scriptblock] $CheckBody)
    if (-not (Test-Wanted $CheckName)) {
        return
    }
    try {
        $null = & $CheckBody
        $script:Passed++
        Write-Host ('PASS ' + $CheckName)
    }
    catch {
        $why = ([string]$_.Exception.Message) -replace '\s+', ' '
        if ($why.StartsWith('SKIP ')) {
            $script:Skipped++
            Write-Host ('SKIP ' + $CheckName + ': ' + $why.Substring(5))
        }
        else {
            $script:Failed++
            Write-Host ('FAIL ' + $CheckName + ': ' + $why)
        }
    }
}

function Test-Wanted {
    param([string] $CheckName)
    if ($Only.Count -eq 0) {
        return $true
    }
    # powershell -File hands a list over as one text
    foreach ($pattern in ($Only -join ',').Split(',')) {
        if ($CheckName -like $pattern) {
            return $true
        }
    }
    return $false
}

# Looks until it is so. The condition must not use the names in here.
function Wait-Until {
    param([string] $WaitedFor, [int] $WaitSeconds, [scriptblock] $WaitCondition)
    $waitEnd = (Get-Date).AddSeconds($WaitSeconds)
    while (-not (& $WaitCondition)) {
        if ((Get-Date) -gt $waitEnd) {
            Stop-Check ($WaitedFor + ' within ' + $WaitSeconds + ' s') 'that it did not come'
        }
        Start-Sleep -Milliseconds 200
    }
}

# ---- programs ----

# Starts a program that the cleaning up ends if nobody else does. -AsUser: as the second user.
function Start-Tool {
    param([string] $File, [string[]] $Words, [switch] $AsUser, [string[]] $Variables = @())
    $account = ''
    if ($AsUser) {
        if ($null -eq $Password) {
            Skip-Check 'there is no second user'
        }
        $account = $UserName
    }
    $tool = [SegueChecks.Tool]::Start($File, $Words, $System, $account, $Password, $Variables)
    $null = $Tools.Add($tool)
    return $tool
}

# Runs a program to its end.
function Invoke-Tool {
    param([string] $File, [string[]] $Words, [switch] $AsUser, [string[]] $Variables = @(), [int] $Seconds = 180)
    $tool = Start-Tool -File $File -Words $Words -AsUser:$AsUser -Variables $Variables
    if (-not $tool.Wait($Seconds * 1000)) {
        $tool.Kill()
        Stop-Check ($File + ' to end within ' + $Seconds + ' s') 'it still running'
    }
    $Tools.Remove($tool)
    return $tool
}

function Invoke-System {
    param([string] $Program, [string[]] $Words, [switch] $AsUser, [int] $Seconds = 180)
    return Invoke-Tool -File (Join-Path $System $Program) -Words $Words -AsUser:$AsUser -Seconds $Seconds
}

function Invoke-Seg {
    param([string[]] $Words, [switch] $AsUser)
    return Invoke-Tool -File $SegExe -Words $Words -AsUser:$AsUser
}

# seg with this exit code.
function Assert-Seg {
    param([int] $Code, [string[]] $Words, [switch] $AsUser)
    $done = Invoke-Seg -Words $Words -AsUser:$AsUser
    Assert-Equal ('the exit code of "seg ' + ($Words -join ' ') + '" (' + $done.Errors.Trim() + ')') $Code $done.Code
    return $done
}

# What a seg that succeeds says.
function Read-Seg {
    param([string[]] $Words, [switch] $AsUser)
    $done = Assert-Seg -Code 0 -Words ($Words + '--json') -AsUser:$AsUser
    return ConvertFrom-Json $done.Output
}

# A cmd.exe of the second user's with one command line, taken as it is. -Pipe: the pipe that seg uses there.
function Invoke-UserLine {
    param([string] $Line, [string] $Pipe = '')
    if ($Pipe -ne '') {
        $Line = 'set "SEGUE_PIPE=' + $Pipe + '" & ' + $Line
    }
    $file = Join-Path $Shared ('line-' + [Guid]::NewGuid().ToString('N') + '.cmd')
    [IO.File]::WriteAllText($file, "@echo off`r`n" + $Line + "`r`nexit /b %ERRORLEVEL%`r`n", [Text.Encoding]::ASCII)
    return Invoke-System -Program 'cmd.exe' -Words @('/d', '/c', $file) -AsUser
}

# A program in quotation marks, for such a line.
function Get-Quoted {
    param([string] $Text)
    return '"' + $Text + '"'
}

# ---- downloads ----

# Adds a job, and gives its id.
function Add-Job {
    param([string] $Url, [string] $Folder, [string[]] $More = @(), [switch] $AsUser)
    $job = Read-Seg -Words (@('add', $Url, '-d', $Folder) + $More) -AsUser:$AsUser
    return [int]$job.id
}

function Read-Job {
    param([int] $Id)
    return Read-Seg -Words @('show', [string]$Id)
}

# Bytes that are on the disk for good.
function Get-Durable {
    param($Job)
    $sum = [long]0
    foreach ($extent in $Job.extents) {
        $sum += [long]$extent[1] - [long]$extent[0]
    }
    return $sum
}

function Wait-Durable {
    param([int] $JobId, [long] $Bytes)
    Wait-Until ('job ' + $JobId + ' to have ' + $Bytes + ' bytes') 120 { (Get-Durable (Read-Job $JobId)) -ge $Bytes }
}

# Waits for its end, which must be a good one with the right bytes.
function Assert-Done {
    param([int] $JobId, [long] $Size)
    Wait-Until ('job ' + $JobId + ' to end') 180 { @('done', 'failed', 'cancelled') -contains (Read-Job $JobId).state }
    $job = Read-Job $JobId
    $why = ''
    if ($job.error) {
        $why = ' (' + $job.error.message + ')'
    }
    Assert-Equal ('the state of job ' + $JobId + $why) 'done' $job.state
    Assert-Equal ('what is wrong with ' + $job.path) '' ([SegueChecks.Content]::Differs($job.path, $Size))
    return $job
}

# ---- the service ----

function Test-Service {
    return $null -ne (Get-Service -Name 'Segue' -ErrorAction SilentlyContinue)
}

function Get-ServiceState {
    return [string](Get-Service -Name 'Segue').Status
}

function Get-ServicePid {
    return [int](Get-CimInstance -ClassName Win32_Service -Filter "Name='Segue'").ProcessId
}

function Assert-Running {
    Wait-Until 'the service to run' 60 { (Get-ServiceState) -eq 'Running' }
    Wait-Until 'the service to answer' 60 { (Invoke-Seg -Words @('status')).Code -eq 0 }
}

# What the service manager keeps, which is not translated as the output of sc.exe may be.
function Get-ServiceValue {
    param([string] $ValueName)
    return (Get-ItemProperty -LiteralPath $ServiceKey).$ValueName
}

# ---- files, rights, users ----

# Gives a path these rights ("*SID:(OI)(CI)F") and no others.
function Set-Access {
    param([string] $Path, [string[]] $Rights)
    $done = Invoke-System -Program 'icacls.exe' -Words (@($Path, '/inheritance:r', '/grant:r') + $Rights)
    Assert-Equal ('the exit code of icacls for ' + $Path) 0 $done.Code
}

# A folder that belongs to administrators and admits these too.
function New-Folder {
    param([string] $Path, [string[]] $Rights = @())
    $null = New-Item -ItemType Directory -Path $Path -Force
    $own = @(('*' + $SystemSid + ':(OI)(CI)F'), ('*' + $AdministratorsSid + ':(OI)(CI)F'))
    Set-Access -Path $Path -Rights ($own + $Rights)
}

# The right to change what is in a folder, for a list of New-Folder; none where there is no second user.
function Get-UserRights {
    if ($UserSid -eq '') {
        return @()
    }
    return @('*' + $UserSid + ':(OI)(CI)M')
}

# "Allow SID MASK" of each entry, sorted, in one line.
function Get-Rules {
    param($Acl, [string] $MaskName, [bool] $WithMask)
    $lines = @()
    foreach ($rule in $Acl.GetAccessRules($true, $true, [Security.Principal.SecurityIdentifier])) {
        $line = [string]$rule.AccessControlType + ' ' + $rule.IdentityReference.Value
        if ($WithMask) {
            $line += ' ' + ('{0:x}' -f [int]$rule.$MaskName)
        }
        $lines += $line
    }
    return (($lines | Sort-Object) -join ', ')
}

function Get-OwnerSid {
    param($Acl)
    return $Acl.GetOwner([Security.Principal.SecurityIdentifier]).Value
}

# Whether a list of rules has one for the service.
function Test-ServiceRule {
    param([string] $Path)
    return (Get-Rules (Get-Acl -LiteralPath $Path) 'FileSystemRights' $false).Contains('Allow ' + $ServiceSid)
}

# Deletes a tree, whatever the length of its paths. Links in it are deleted, not followed.
function Remove-Tree {
    param([string] $Path)
    if (Test-Path -LiteralPath $Path) {
        $null = Invoke-System -Program 'cmd.exe' -Words @('/d', '/c', 'rd', '/s', '/q', ('\\?\' + $Path))
    }
}

# Copies the database of a data folder to a folder that both users may use.
function Copy-Database {
    param([string] $From, [string] $To)
    New-Folder -Path $To -Rights @(Get-UserRights)
    Copy-Item -Path (Join-Path $From 'segue.db*') -Destination $To
}

function New-RandomText {
    $bytes = New-Object byte[] 24
    $source = New-Object System.Security.Cryptography.RNGCryptoServiceProvider
    $source.GetBytes($bytes)
    return [Convert]::ToBase64String($bytes) + 'aA1!'
}

function Add-User {
    $script:Password = ConvertTo-SecureString (New-RandomText) -AsPlainText -Force
    $user = New-LocalUser -Name $UserName -Password $Password -AccountNeverExpires -Description 'of windows-checks.ps1'
    $script:UserSid = $user.SID.Value
    Add-LocalGroupMember -SID $UsersSid -Member $UserName
}

# The user's profile can be removed when its last program has gone.
function Remove-User {
    $user = Get-LocalUser -Name $UserName -ErrorAction SilentlyContinue
    if ($null -eq $user) {
        return
    }
    $filter = "SID='" + $user.SID.Value + "'"
    Remove-LocalUser -Name $UserName
    for ($attempt = 0; $attempt -lt 10; $attempt++) {
        $userProfile = Get-CimInstance -ClassName Win32_UserProfile -Filter $filter
        if ($null -eq $userProfile) {
            return
        }
        try {
            $userProfile | Remove-CimInstance
            return
        }
        catch {
            Start-Sleep -Seconds 1
        }
    }
    Write-Host ('cleaning up: the profile of ' + $UserName + ' is still there: remove it in the system settings')
}

# ---- daemons of one's own ----

# A segd that is no service, on a pipe of its own.
function Start-Daemon {
    param([string] $Data, [string] $Pipe, [switch] $AsUser)
    return Start-Tool -File $SegdExe -Words @('run', '--data', $Data, '--pipe', $Pipe) -AsUser:$AsUser
}

function Stop-Daemon {
    param($Daemon)
    $Daemon.Kill()
    $Tools.Remove($Daemon)
}

# seg to such a daemon of one's own; with this exit code.
function Assert-SegAt {
    param([string] $Pipe, [int] $Code, [string[]] $Words)
    $done = Invoke-Tool -File $SegExe -Words $Words -Variables @('SEGUE_PIPE=' + $Pipe)
    Assert-Equal ('the exit code of "seg ' + ($Words -join ' ') + '" (' + $done.Errors.Trim() + ')') $Code $done.Code
    return $done
}

function Wait-Daemon {
    param([string] $DaemonPipe)
    Wait-Until ('the daemon at ' + $DaemonPipe) 60 {
        (Invoke-Tool -File $SegExe -Words @('status') -Variables @('SEGUE_PIPE=' + $DaemonPipe)).Code -eq 0
    }
}

# ---- beginning and end ----

function Test-Elevated {
    $me = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
    return $me.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
}

# Why it cannot begin, or ''.
function Find-Obstacle {
    if (-not (Test-Elevated)) {
        return 'this needs an administrator: open PowerShell with "Run as administrator"'
    }
    if (-not [Environment]::Is64BitProcess) {
        return 'this is the 32-bit PowerShell: open the other one'
    }
    if (Test-Path -LiteralPath $Marker) {
        return 'an earlier run was cut off: run this with -CleanUp first, which removes Segue and its data'
    }
    foreach ($folder in @($DataFolder, $ProgramFolder, $PublicFolder)) {
        if (Test-Path -LiteralPath $folder) {
            return $folder + ' is there, and would not survive this: use another machine, or remove it'
        }
    }
    if (Test-Service) {
        return 'Segue is installed here: use another machine, or remove it'
    }
    if ($null -ne (Get-LocalUser -Name $UserName -ErrorAction SilentlyContinue)) {
        return 'there is a user ' + $UserName + ' already: rename it'
    }
    if (Test-Path -LiteralPath $Work) {
        return 'there is a folder ' + $Work + ' already: move it away'
    }
    foreach ($file in @('seg.exe', 'segd.exe')) {
        if (-not (Test-Path -LiteralPath (Join-Path $Programs $file))) {
            return 'there is no ' + $file + ' in ' + $Programs + ': name its folder with -Programs'
        }
    }
    foreach ($file in @($Msi, $NextMsi, $Tests)) {
        if ($file -ne '' -and -not (Test-Path -LiteralPath $file)) {
            return 'there is no ' + $file
        }
    }
    return ''
}

# The folders; programs are copied to where the service and the second user can run them.
function Initialize-Work {
    New-Folder -Path $Work -Rights @('*' + $UsersSid + ':(OI)(CI)RX')
    [IO.File]::WriteAllText($Marker, 'windows-checks.ps1 made this folder and deletes it.')
    $null = New-Item -ItemType Directory -Path $Bin
    foreach ($file in @('seg.exe', 'segd.exe')) {
        Copy-Item -LiteralPath (Join-Path $Programs $file) -Destination $Bin
    }
    $script:Origin = New-Object SegueChecks.Origin
    $Origin.Start()
}

# Of the second user, before the service is there.
function Initialize-Shared {
    New-Folder -Path $Shared -Rights @(Get-UserRights)
}

# Folders to download to: the service may write to both, the second user to one.
function Initialize-Folders {
    $service = '*' + $ServiceSid + ':(OI)(CI)M'
    New-Folder -Path $Private -Rights @($service)
    New-Folder -Path $Open -Rights (@(Get-UserRights) + $service)
}

# One step of the cleaning up: the next ones are made whatever becomes of it.
function Invoke-Step {
    param([string] $StepName, [scriptblock] $StepBody)
    try {
        $null = & $StepBody
    }
    catch {
        Write-Host ('cleaning up: ' + $StepName + ': ' + $_.Exception.Message)
    }
}

# The product codes of Segue in the list of programs.
function Get-Products {
    $codes = @()
    foreach ($key in Get-ChildItem 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall') {
        if ($key.PSChildName -like '{*}' -and $key.GetValue('DisplayName') -eq 'Segue') {
            $codes += $key.PSChildName
        }
    }
    return $codes
}

# Removes all that this script makes, and with it Segue: it was not on the machine before.
function Remove-Everything {
    Invoke-Step 'programs' {
        foreach ($tool in @($Tools.ToArray())) {
            $tool.Kill()
        }
        $Tools.Clear()
    }
    Invoke-Step 'the PAC file' { Restore-Proxy }
    Invoke-Step 'the MSI' {
        foreach ($code in @(Get-Products)) {
            $null = Invoke-System -Program 'msiexec.exe' -Words @('/x', $code, '/qn', '/norestart') -Seconds 300
        }
    }
    Invoke-Step 'the service' {
        if ((Test-Service) -and (Test-Path -LiteralPath $SegExe)) {
            $null = Invoke-Seg -Words @('service', 'uninstall', '--purge')
        }
        if (Test-Service) {
            Write-Host 'cleaning up: the service is still there: sc.exe delete Segue'
        }
    }
    Invoke-Step 'the data folder' { Remove-Tree $DataFolder }
    Invoke-Step 'the public folder' { Remove-Tree $PublicFolder }
    Invoke-Step 'the server' {
        if ($null -ne $Origin) {
            $Origin.Stop()
        }
    }
    Invoke-Step 'the user' { Remove-User }
    Invoke-Step 'the folder' { Remove-Tree $Work }
}

# The proxy settings of who runs this, as they were.
function Restore-Proxy {
    if (Test-Path -LiteralPath $PacBefore) {
        [SegueChecks.Native]::WritePac([IO.File]::ReadAllText($PacBefore))
        Remove-Item -LiteralPath $PacBefore
    }
}

# ---- checks: installing ----

function Test-Installing {
    Check 'programs.version' {
        foreach ($program in @($SegExe, $SegdExe)) {
            $info = (Get-Item -LiteralPath $program).VersionInfo
            Assert-Equal ('the product of ' + $program) 'Segue' $info.ProductName
            Assert-Match ('the version of ' + $program) '^\d+\.\d+\.\d+' $info.FileVersion
        }
    }

    Check 'install.as-user' {
        $null = Assert-Seg -Code 5 -Words @('service', 'install') -AsUser
        Assert-True 'no service' (-not (Test-Service)) 'one'
    }

    Check 'install.squatted-folder' {
        $made = Invoke-System -Program 'cmd.exe' -Words @('/d', '/c', 'mkdir', $DataFolder) -AsUser
        Assert-Equal 'the exit code of mkdir' 0 $made.Code
        try {
            $done = Assert-Seg -Code 5 -Words @('service', 'install')
            Assert-Match 'the message' 'belongs to somebody else' $done.Errors
            Wait-Until 'the service to be gone' 20 { -not (Test-Service) }
        }
        finally {
            Remove-Tree $DataFolder
        }
    }
}

function Test-Configuration {
    Check 'install.again' {
        $done = Assert-Seg -Code 0 -Words @('service', 'install')
        Assert-Match 'what it says' 'already installed' $done.Output
    }

    Check 'service.command' {
        Assert-Equal 'the command' ('"' + $SegdExe + '" service') (Get-ServiceValue 'ImagePath')
    }

    Check 'service.account' {
        Assert-Equal 'the account' 'NT SERVICE\Segue' (Get-ServiceValue 'ObjectName')
        Assert-Running
        $process = Get-CimInstance -ClassName Win32_Process -Filter ('ProcessId=' + (Get-ServicePid))
        $owner = Invoke-CimMethod -InputObject $process -MethodName 'GetOwnerSid'
        Assert-Equal 'the SID of the process' $ServiceSid $owner.Sid
    }

    Check 'service.sid' {
        $account = New-Object -TypeName Security.Principal.NTAccount -ArgumentList 'NT SERVICE\Segue'
        $sid = $account.Translate([Security.Principal.SecurityIdentifier]).Value
        Assert-Equal 'the SID of NT SERVICE\Segue' $ServiceSid $sid
        Assert-Equal 'ServiceSidType (1: unrestricted)' 1 (Get-ServiceValue 'ServiceSidType')
    }

    Check 'service.start' {
        Assert-Equal 'Start (2: automatic)' 2 (Get-ServiceValue 'Start')
        Assert-Equal 'DelayedAutostart' 1 (Get-ServiceValue 'DelayedAutostart')
    }

    # SERVICE_FAILURE_ACTIONS: reset period, two pointers, a count, a pointer; then kind and delay of each action
    Check 'service.recovery' {
        $actions = [byte[]](Get-ServiceValue 'FailureActions')
        $numbers = @([BitConverter]::ToInt32($actions, 0), [BitConverter]::ToInt32($actions, 12))
        for ($i = 0; $i -lt 3; $i++) {
            $numbers += [BitConverter]::ToInt32($actions, 20 + 8 * $i)
            $numbers += [BitConverter]::ToInt32($actions, 24 + 8 * $i)
        }
        Assert-Equal 'reset after, count, three restarts (1) with their delays' '86400 3 1 5000 1 30000 1 60000' `
            ($numbers -join ' ')
        Assert-Equal 'FailureActionsOnNonCrashFailures' 1 (Get-ServiceValue 'FailureActionsOnNonCrashFailures')
    }

    Check 'service.preshutdown' {
        Assert-Equal 'PreshutdownTimeout' 10000 (Get-ServiceValue 'PreshutdownTimeout')
    }

    Check 'service.privileges' {
        $expected = 'SeChangeNotifyPrivilege SeImpersonatePrivilege'
        $required = @(Get-ServiceValue 'RequiredPrivileges') | Sort-Object
        Assert-Equal 'RequiredPrivileges' $expected ($required -join ' ')
    }

    Check 'service.token' {
        $expected = 'SeChangeNotifyPrivilege SeImpersonatePrivilege'
        Assert-Running
        try {
            $names = [SegueChecks.Native]::PrivilegesOf((Get-ServicePid))
        }
        catch {
            Skip-Check ('the token of segd.exe may not be looked at: ' + $_.Exception.Message)
        }
        Assert-Equal 'the privileges of segd.exe' $expected ($names -join ' ')
    }

    Check 'service.as-user' {
        $null = Assert-Seg -Code 5 -Words @('service', 'stop') -AsUser
        $null = Assert-Seg -Code 5 -Words @('service', 'uninstall') -AsUser
        $null = Assert-Seg -Code 0 -Words @('service', 'status') -AsUser
        Assert-Equal 'the state' 'Running' (Get-ServiceState)
    }

    Check 'data.access' {
        $acl = Get-Acl -LiteralPath $DataFolder
        $expected = @(('Allow ' + $SystemSid + ' 1f01ff'), ('Allow ' + $AdministratorsSid + ' 1f01ff'),
            ('Allow ' + $ServiceSid + ' 1301ff'))
        Assert-Equal 'the owner' $AdministratorsSid (Get-OwnerSid $acl)
        Assert-Equal 'the entries' (($expected | Sort-Object) -join ', ') (Get-Rules $acl 'FileSystemRights' $true)
        Assert-True 'nothing to be inherited' $acl.AreAccessRulesProtected 'that it is'
    }

    Check 'data.as-user' {
        $database = Join-Path $DataFolder 'segue.db'
        $copy = Join-Path $Shared 'stolen.db'
        $listed = Invoke-System -Program 'cmd.exe' -Words @('/d', '/c', 'dir', $DataFolder) -AsUser
        Assert-True 'the user not to list the data folder' ($listed.Code -ne 0) $listed.Output.Trim()
        $null = Invoke-System -Program 'cmd.exe' -Words @('/d', '/c', 'copy', $database, $copy) -AsUser
        Assert-True 'the user not to copy the database' (-not (Test-Path -LiteralPath $copy)) $copy
    }

    Check 'public.access' {
        Assert-True 'an entry for the service' (Test-ServiceRule $PublicFolder) 'none'
        $acl = Get-Acl -LiteralPath $PublicFolder
        Assert-True 'the entries of the parent to be inherited' (-not $acl.AreAccessRulesProtected) 'that they are not'
    }
}

# ---- checks: the pipe ----

# The service's pipe, opened by ourselves with this impersonation level.
function Open-Pipe {
    param([Security.Principal.TokenImpersonationLevel] $Level)
    $pipe = New-Object -TypeName IO.Pipes.NamedPipeClientStream -ArgumentList '.', 'segue', `
        ([IO.Pipes.PipeDirection]::InOut), ([IO.Pipes.PipeOptions]::Asynchronous), $Level
    $pipe.Connect(10000)
    return $pipe
}

function Test-Pipe {
    Check 'pipe.access' {
        $pipe = Open-Pipe ([Security.Principal.TokenImpersonationLevel]::Identification)
        try {
            $acl = $pipe.GetAccessControl()
        }
        finally {
            $pipe.Dispose()
        }
        $expected = @('Deny S-1-5-2', 'Allow S-1-5-4', 'Allow S-1-5-3', ('Allow ' + $ServiceSid),
            ('Allow ' + $SystemSid), ('Allow ' + $AdministratorsSid))
        Assert-Equal 'the owner' $ServiceSid (Get-OwnerSid $acl)
        Assert-Equal 'the entries' (($expected | Sort-Object) -join ', ') (Get-Rules $acl 'PipeAccessRights' $false)
        Assert-Match 'the entries' 'Allow S-1-5-4 12019b' (Get-Rules $acl 'PipeAccessRights' $true)
    }

    Check 'pipe.anonymous' {
        $pipe = Open-Pipe ([Security.Principal.TokenImpersonationLevel]::Anonymous)
        try {
            $line = [Text.Encoding]::ASCII.GetBytes('{"jsonrpc":"2.0","id":1,"method":"daemon.info"}' + "`n")
            $pipe.Write($line, 0, $line.Length)
            $answer = New-Object byte[] 4096
            $reading = $pipe.ReadAsync($answer, 0, $answer.Length)
            Assert-True 'an answer within 10 s' $reading.Wait(10000) 'none'
            $text = [Text.Encoding]::UTF8.GetString($answer, 0, $reading.Result)
            Assert-Match 'the answer' '"denied"' $text
            $reading = $pipe.ReadAsync($answer, 0, $answer.Length)
            Assert-True 'the connection to be closed within 10 s' $reading.Wait(10000) 'that it is open'
            Assert-Equal 'what comes after the answer, in bytes,' 0 $reading.Result
        }
        finally {
            $pipe.Dispose()
        }
    }

    Check 'pipe.squatting' {
        $lines = '$p = @(); foreach ($i in 1..8) { $p += New-Object IO.Pipes.NamedPipeServerStream ' +
            '-ArgumentList ''segue'', ''InOut'', 8 }; ''ready''; Start-Sleep -Seconds 120'
        $powershell = Join-Path $System 'WindowsPowerShell\v1.0\powershell.exe'
        $null = Assert-Seg -Code 0 -Words @('service', 'stop')
        $squatter = $null
        try {
            $words = @('-NoProfile', '-NonInteractive', '-Command', $lines)
            $squatter = Start-Tool -File $powershell -Words $words -AsUser
            Wait-Until 'the user to have the pipe' 60 { $squatter.Output.Contains('ready') }
            $done = Assert-Seg -Code 5 -Words @('status')
            Assert-Match 'the message' ('another user.*' + $UserSid) $done.Errors
            $started = Invoke-Seg -Words @('service', 'start')
            Assert-Equal 'the exit code of "seg service start"' 1 $started.Code
            Assert-Match 'the message' 'exit code 3' $started.Errors
        }
        finally {
            if ($null -ne $squatter) {
                $squatter.Kill()
            }
            Wait-Until 'the service to have ended' 60 { (Get-ServiceState) -ne 'StartPending' }
            $null = Invoke-Seg -Words @('service', 'start')
        }
        Assert-Running
    }

    Check 'pipe.first-instance' {
        $pipe = '\\.\pipe\segue-check-one'
        $first = Start-Daemon -Data (Join-Path $Work 'one') -Pipe $pipe
        try {
            Wait-Daemon $pipe
            $second = Invoke-Tool -File $SegdExe -Words @('run', '--data', (Join-Path $Work 'two'), '--pipe', $pipe)
            Assert-Equal 'the exit code of a second segd' 1 $second.Code
        }
        finally {
            Stop-Daemon $first
        }
    }

    Check 'pipe.own-daemon' {
        $pipe = '\\.\pipe\segue-check-own'
        $daemon = Start-Daemon -Data (Join-Path $Work 'own') -Pipe $pipe
        try {
            Wait-Daemon $pipe
            $done = Invoke-UserLine -Line ((Get-Quoted $SegExe) + ' status') -Pipe $pipe
            Assert-Equal ('the exit code of another user''s "seg status" (' + $done.Errors.Trim() + ')') 5 $done.Code
        }
        finally {
            Stop-Daemon $daemon
        }
    }
}

# ---- checks: who may do what ----

function Test-Callers {
    Check 'callers.own-jobs' {
        $mine = Add-Job -Url $Origin.Url(65536, 'mine.bin') -Folder $Open -More @('--paused')
        $theirs = Add-Job -Url $Origin.Url(65536, 'theirs.bin') -Folder $Open -More @('--paused') -AsUser
        $list = Read-Seg -Words @('list') -AsUser
        $ids = @()
        foreach ($job in $list) {
            $ids += $job.id
        }
        Assert-Equal 'the jobs that the user sees' $theirs ($ids -join ' ')
        foreach ($command in @('show', 'pause', 'cancel', 'remove', 'verify')) {
            $done = Assert-Seg -Code 4 -Words @($command, [string]$mine) -AsUser
            $none = Assert-Seg -Code 4 -Words @($command, '999999') -AsUser
            Assert-Equal ('what "seg ' + $command + '" says') $none.Errors.Replace('999999', 'ID') `
                $done.Errors.Replace([string]$mine, 'ID')
        }
        $null = Assert-Seg -Code 0 -Words @('remove', [string]$mine, [string]$theirs)
    }

    Check 'callers.administrator' {
        $theirs = Add-Job -Url $Origin.Url(65536, 'theirs.bin') -Folder $Open -More @('--paused') -AsUser
        Assert-Equal 'the owner' $UserSid (Read-Job $theirs).owner
        $null = Assert-Seg -Code 0 -Words @('set', [string]$theirs, 'priority=1')
        $null = Assert-Seg -Code 0 -Words @('remove', [string]$theirs)
    }

    Check 'callers.settings' {
        foreach ($words in @(@('settings'), @('settings', 'max_active', '1'), @('status', '--hosts'), @('log'))) {
            $done = Assert-Seg -Code 5 -Words $words -AsUser
            Assert-Match ('what "seg ' + ($words -join ' ') + '" says') 'for administrators here' $done.Errors
        }
        $null = Assert-Seg -Code 0 -Words @('settings')
    }

    Check 'callers.events' {
        $events = Start-Tool -File $SegExe -Words @('events', '--json') -AsUser
        try {
            Wait-Until 'the user to see the event of a job of his own' 60 {
                $script:EventJob = Add-Job -Url $Origin.Url(65536, 'e.bin') -Folder $Open -More @('--paused') -AsUser
                $events.Output -match ('"id":\s*' + $script:EventJob + '\D')
            }
            $mine = Add-Job -Url $Origin.Url(65536, 'mine.bin') -Folder $Open -More @('--paused')
            $null = Assert-Seg -Code 0 -Words @('remove', [string]$mine)
            $last = Add-Job -Url $Origin.Url(65536, 'e.bin') -Folder $Open -More @('--paused') -AsUser
            Wait-Until 'the event of his next job' 60 { $events.Output -match ('"id":\s*' + $last + '\D') }
            Assert-True 'no event of another user''s job' ($events.Output -notmatch ('"id":\s*' + $mine + '\D')) 'one'
        }
        finally {
            $events.Kill()
        }
    }
}

# ---- checks: folders ----

# A folder that the second user made, in one where only he and administrators may; its path.
function New-UserFolder {
    param([string] $FolderName)
    $folder = Join-Path $Work 'users'
    if (-not (Test-Path -LiteralPath $folder)) {
        New-Folder -Path $folder -Rights @(Get-UserRights)
    }
    $own = Join-Path $folder $FolderName
    $made = Invoke-System -Program 'cmd.exe' -Words @('/d', '/c', 'mkdir', $own) -AsUser
    Assert-Equal 'the exit code of mkdir' 0 $made.Code
    return $own
}

function Test-Folders {
    Check 'folder.not-the-callers' {
        $null = Assert-Seg -Code 5 -Words @('add', $Origin.Url(65536, 'x.bin'), '-d', $Private) -AsUser
        $left = @(Get-ChildItem -LiteralPath $Private)
        Assert-Equal 'the number of files there' 0 $left.Count
    }

    Check 'folder.own' {
        $own = New-UserFolder 'own'
        $null = Assert-Seg -Code 0 -Words @('add', $Origin.Url(65536, 'own.bin'), '-d', $own, '--wait') -AsUser
        $file = Join-Path $own 'own.bin'
        Assert-Equal ('what is wrong with ' + $file) '' ([SegueChecks.Content]::Differs($file, 65536))
        Assert-Equal 'the owner of the file' $UserSid (Get-OwnerSid (Get-Acl -LiteralPath $file))
        Assert-True 'no entry for the service at the file' (-not (Test-ServiceRule $file)) 'one'
    }

    Check 'folder.owner-away' {
        $own = New-UserFolder 'away'
        $id = Add-Job -Url $Origin.Url(65536, 'away.bin') -Folder $own -More @('--paused') -AsUser
        $null = Assert-Seg -Code 0 -Words @('service', 'stop')
        $null = Assert-Seg -Code 0 -Words @('service', 'start')
        Assert-Running
        $null = Assert-Seg -Code 0 -Words @('resume', [string]$id)
        Wait-Until 'the job to wait for its owner' 60 { (Read-Job $id).reason -eq 'owner' }
        $null = Assert-Seg -Code 0 -Words @('wait', [string]$id) -AsUser
        $null = Assert-Done $id 65536
    }

    Check 'folder.grant' {
        $own = New-UserFolder 'granted'
        $null = Assert-Seg -Code 0 -Words @('grant', $own) -AsUser
        Assert-True 'an entry for the service' (Test-ServiceRule $own) 'none'
        $id = Add-Job -Url $Origin.Url(65536, 'granted.bin') -Folder $own -AsUser
        $job = Assert-Done $id 65536
        $null = Assert-Seg -Code 0 -Words @('grant', $own, '--revoke') -AsUser
        Assert-True 'no entry for the service' (-not (Test-ServiceRule $own)) 'one'
        Assert-True 'no entry for the service at the file' (-not (Test-ServiceRule $job.path)) 'one'
    }

    Check 'folder.drive-letter' {
        $letter = ''
        foreach ($candidate in @('S:', 'T:', 'U:', 'V:', 'W:')) {
            if ($letter -eq '' -and -not (Test-Path -LiteralPath ($candidate + '\'))) {
                $letter = $candidate
            }
        }
        if ($letter -eq '') {
            Skip-Check 'there is no free drive letter from S: to W:'
        }
        $made = Invoke-System -Program 'subst.exe' -Words @($letter, $Open)
        Assert-Equal 'the exit code of subst' 0 $made.Code
        try {
            $null = Assert-Seg -Code 2 -Words @('add', $Origin.Url(65536, 'x.bin'), '-d', ($letter + '\'))
        }
        finally {
            $null = Invoke-System -Program 'subst.exe' -Words @($letter, '/d')
        }
    }

    Check 'folder.link' {
        $target = Join-Path $Work 'caught.bin'
        $link = Join-Path $Open 'link.bin.part'
        $made = Invoke-System -Program 'cmd.exe' -Words @('/d', '/c', 'mklink', $link, $target)
        Assert-Equal 'the exit code of mklink' 0 $made.Code
        $done = Invoke-Seg -Words @('add', $Origin.Url(65536, 'l.bin'), '-d', $Open, '-o', 'link.bin', '--wait')
        Assert-True 'no file where the link leads' (-not (Test-Path -LiteralPath $target)) `
            ($target + ' (exit code ' + $done.Code + ')')
    }
}

# ---- checks: files ----

function Test-Files {
    Check 'file.mark' {
        $file = Join-Path $Open 'marked.bin'
        $url = $Origin.Url(65536, 'marked.bin')
        $null = Assert-Seg -Code 0 -Words @('get', ($url + '?token=secret'), '-d', $Open, '-o', 'marked.bin', '-H',
            'Referer: https://user:secret@example.org/page?secret')
        $mark = (Get-Content -LiteralPath $file -Stream 'Zone.Identifier') -join '|'
        $expected = '[ZoneTransfer]|ZoneId=3|ReferrerUrl=https://example.org/page|HostUrl=' + $url
        Assert-Equal 'the mark' $expected $mark
    }

    Check 'file.time' {
        $null = Assert-Seg -Code 0 -Words @('get', $Origin.Url(65536, 'dated.bin'), '-d', $Open)
        $time = (Get-Item -LiteralPath (Join-Path $Open 'dated.bin')).LastWriteTimeUtc
        Assert-Equal 'the time of the file' '2020-01-02T03:04:05' $time.ToString('s')
    }

    Check 'file.allocation' {
        $Origin.Rate = 4 * $MiB
        try {
            $id = Add-Job -Url $Origin.Url(32 * $MiB, 'room.bin') -Folder $Open
            Wait-Durable $id $MiB
            $job = Read-Job $id
            Assert-Equal 'the allocation' 'sparse' $job.allocation
            Assert-True 'an entry for the service at the part file' (Test-ServiceRule ($job.path + '.part')) 'none'
        }
        finally {
            $Origin.Rate = 0
        }
        $job = Assert-Done $id (32 * $MiB)
        $acl = Get-Acl -LiteralPath $job.path
        Assert-True 'the finished file to have the access of its folder' (-not $acl.AreAccessRulesProtected) 'its own'
    }

    Check 'file.long-path' {
        $folder = $Open
        foreach ($name in @('a', 'b', 'c', 'd', 'e')) {
            $folder = $folder + '\' + ($name * 60)
            [SegueChecks.Native]::MakeFolder($folder)
        }
        $job = Assert-Done (Add-Job -Url $Origin.Url(65536, 'deep.bin') -Folder $folder) 65536
        Assert-True 'a path of more than 300 characters' ($job.path.Length -gt 300) $job.path
    }

    Check 'file.held' {
        $file = Join-Path $Open 'held.bin'
        [IO.File]::WriteAllText($file, 'before')
        $holder = [IO.File]::Open($file, [IO.FileMode]::Open, [IO.FileAccess]::Read, [IO.FileShare]::None)
        try {
            $id = Add-Job -Url $Origin.Url(65536, 'held.bin') -Folder $Open -More @('--if-exists', 'overwrite')
            Wait-Until 'all bytes to be there' 60 { [long](Read-Job $id).done -eq 65536 }
            Start-Sleep -Seconds 2
            Assert-True 'the job to wait for the file' ((Read-Job $id).state -ne 'done') 'that it is done'
        }
        finally {
            $holder.Close()
        }
        $job = Assert-Done $id 65536
        Assert-Equal 'the path' $file $job.path
    }
}

# ---- checks: secrets ----

# What a daemon that cannot read a job's secrets says of it.
function Assert-Lost {
    param([string] $ListOutput)
    $jobs = ConvertFrom-Json $ListOutput
    $words = @()
    foreach ($job in $jobs) {
        if ($job.state -eq 'failed') {
            $words += $job.error.code
        }
    }
    Assert-True 'a job that failed with secrets_lost' ($words -contains 'secrets_lost') $ListOutput.Trim()
}

function Assert-NotIn {
    param([string] $Folder, [string] $Text)
    $latin = [Text.Encoding]::GetEncoding(28591)
    $wide = $latin.GetString([Text.Encoding]::Unicode.GetBytes($Text))
    foreach ($file in Get-ChildItem -LiteralPath $Folder -File) {
        $bytes = $latin.GetString([IO.File]::ReadAllBytes($file.FullName))
        $isThere = $bytes.IndexOf($Text, [StringComparison]::Ordinal) -ge 0 -or
            $bytes.IndexOf($wide, [StringComparison]::Ordinal) -ge 0
        Assert-True 'no secret in clear' (-not $isThere) $file.FullName
    }
}

function Test-Secrets {
    Check 'secrets.other-user' {
        $data = Join-Path $Work 'secrets'
        $copy = Join-Path $Work 'secrets-copy'
        $pipe = '\\.\pipe\segue-check-secrets'
        $daemon = Start-Daemon -Data $data -Pipe $pipe
        try {
            Wait-Daemon $pipe
            $null = Assert-SegAt -Pipe $pipe -Code 0 -Words @('add', $Origin.Url(65536, 's.bin'), '-d', $Open, '-H',
                'X-Secret: canary-7f3a', '--paused')
        }
        finally {
            Stop-Daemon $daemon
        }
        Copy-Database -From $data -To $copy
        Assert-NotIn $copy 'canary-7f3a'
        $theirs = Start-Daemon -Data $copy -Pipe '\\.\pipe\segue-check-copy' -AsUser
        try {
            $seg = Get-Quoted $SegExe
            Wait-Until 'the other user''s daemon' 60 {
                (Invoke-UserLine -Line ($seg + ' status') -Pipe '\\.\pipe\segue-check-copy').Code -eq 0
            }
            $list = Invoke-UserLine -Line ($seg + ' list --json') -Pipe '\\.\pipe\segue-check-copy'
            Assert-Lost $list.Output
        }
        finally {
            Stop-Daemon $theirs
        }
    }

    Check 'secrets.service' {
        $copy = Join-Path $Work 'service-copy'
        $pipe = '\\.\pipe\segue-check-service'
        $id = Add-Job -Url $Origin.Url(65536, 's.bin') -Folder $Open -More @('-H', 'X-Secret: canary-7f3a', '--paused')
        $null = Assert-Seg -Code 0 -Words @('service', 'stop')
        try {
            Copy-Database -From $DataFolder -To $copy
        }
        finally {
            $null = Assert-Seg -Code 0 -Words @('service', 'start')
        }
        Assert-Running
        Assert-Equal 'the state of the job after a restart' 'paused' (Read-Job $id).state
        Assert-NotIn $copy 'canary-7f3a'
        $daemon = Start-Daemon -Data $copy -Pipe $pipe
        try {
            Wait-Daemon $pipe
            Assert-Lost (Assert-SegAt -Pipe $pipe -Code 0 -Words @('list', '--json')).Output
        }
        finally {
            Stop-Daemon $daemon
        }
        $null = Assert-Seg -Code 0 -Words @('remove', [string]$id)
    }
}

# ---- checks: stopping, crashing, events ----

# What was sent of a file beyond its size was fetched twice.
function Assert-LittleAgain {
    param([string] $Name, [long] $Size)
    $again = $Origin.Sent($Name) - $Size
    Assert-True 'at most 16 MiB to be fetched again' ($again -le 16 * $MiB) ([string]$again + ' bytes')
}

function Test-Ends {
    Check 'stop.in-mid-download' {
        $Origin.Rate = 4 * $MiB
        try {
            $id = Add-Job -Url $Origin.Url(64 * $MiB, 'stop.bin') -Folder $Open
            Wait-Durable $id (8 * $MiB)
            $stopwatch = [Diagnostics.Stopwatch]::StartNew()
            $null = Invoke-System -Program 'sc.exe' -Words @('stop', 'Segue')
            Wait-Until 'the service to stop' 60 { (Get-ServiceState) -eq 'Stopped' }
            $seconds = $stopwatch.Elapsed.TotalSeconds
            $null = Assert-Seg -Code 0 -Words @('service', 'start')
            Assert-True 'the service to stop within 5 s (and one to see it)' ($seconds -le 6) ([string]$seconds + ' s')
            Assert-Running
            $durable = Get-Durable (Read-Job $id)
            Assert-True 'what was there to be kept' ($durable -ge 8 * $MiB) ([string]$durable + ' bytes')
        }
        finally {
            $Origin.Rate = 0
        }
        $null = Assert-Done $id (64 * $MiB)
        Assert-LittleAgain 'stop.bin' (64 * $MiB)
    }

    Check 'crash.recovery' {
        $since = Get-Date
        $Origin.Rate = 4 * $MiB
        try {
            $id = Add-Job -Url $Origin.Url(64 * $MiB, 'crash.bin') -Folder $Open
            Wait-Durable $id (8 * $MiB)
            $before = Get-ServicePid
            Stop-Process -Id $before -Force
            Wait-Until 'another process of the service' 60 { @(0, $before) -notcontains (Get-ServicePid) }
            Assert-Running
        }
        finally {
            $Origin.Rate = 0
        }
        $null = Assert-Done $id (64 * $MiB)
        Assert-LittleAgain 'crash.bin' (64 * $MiB)
        $filter = @{ LogName = 'System'; ProviderName = 'Service Control Manager'; Id = 7031; StartTime = $since }
        Wait-Until 'event 7031 in the System log' 30 {
            $null -ne (Get-WinEvent -FilterHashtable $filter -ErrorAction SilentlyContinue)
        }
    }

    Check 'events.text' {
        $filter = @{ LogName = 'Application'; ProviderName = 'Segue'; StartTime = $Begin }
        $events = @(Get-WinEvent -FilterHashtable $filter -ErrorAction SilentlyContinue)
        $texts = @{}
        foreach ($one in $events) {
            $texts[[int]$one.Id] = [string]$one.Message
        }
        Assert-Match 'the text of event 1' '^Segue has started\. ' $texts[1]
        Assert-Match 'the text of event 2' '^Segue has stopped\. ' $texts[2]
    }
}

# ---- checks: power and network ----

function Test-Surroundings {
    Check 'power.request' {
        if (-not [SegueChecks.Native]::IsOnMains()) {
            Skip-Check 'the machine is not on mains'
        }
        $Origin.Rate = $MiB
        try {
            $id = Add-Job -Url $Origin.Url(64 * $MiB, 'awake.bin') -Folder $Open
            Wait-Until 'segd.exe in powercfg /requests' 60 {
                (Invoke-System -Program 'powercfg.exe' -Words @('/requests')).Output.Contains('segd.exe')
            }
        }
        finally {
            $Origin.Rate = 0
        }
        $null = Assert-Done $id (64 * $MiB)
        Wait-Until 'no segd.exe in powercfg /requests' 60 {
            -not (Invoke-System -Program 'powercfg.exe' -Words @('/requests')).Output.Contains('segd.exe')
        }
    }
}

# Whether Windows says that the network costs money: 'True', 'False', or '' where it does not say.
function Get-WindowsMetered {
    $information = [Type]::GetType('Windows.Networking.Connectivity.NetworkInformation, ' +
        'Windows.Networking.Connectivity, ContentType=WindowsRuntime')
    if ($null -eq $information) {
        return ''
    }
    $network = $information::GetInternetConnectionProfile()
    if ($null -eq $network) {
        return ''
    }
    $cost = [string]$network.GetConnectionCost().NetworkCostType
    if ($cost -eq 'Unknown') {
        return ''
    }
    return [string]($cost -ne 'Unrestricted')
}

function Test-Network {
    Check 'metered.shown' {
        $expected = Get-WindowsMetered
        if ($expected -eq '') {
            Skip-Check 'Windows does not say what the network costs'
        }
        $status = Read-Seg -Words @('status')
        Assert-Equal 'metered, as "seg status" tells it,' $expected $status.info.metered
    }

    Check 'proxy.shown' {
        $status = Read-Seg -Words @('status')
        Assert-Equal 'the way of the proxy' 'system' $status.info.proxy.mode
    }

    # 5: direct, or by the PAC file
    Check 'proxy.pac' {
        $pipe = '\\.\pipe\segue-check-proxy'
        [IO.File]::WriteAllText($PacBefore, [SegueChecks.Native]::ReadPac())
        $daemon = $null
        try {
            [SegueChecks.Native]::WritePac('5 http://127.0.0.1:' + $Origin.Port + '/proxy.pac')
            $daemon = Start-Daemon -Data (Join-Path $Work 'proxy') -Pipe $pipe
            Wait-Daemon $pipe
            $null = Assert-SegAt -Pipe $pipe -Code 0 -Words @('settings', 'proxy', 'system')
            $words = @('get', 'http://segue-check.invalid/65536/pac.bin', '-d', $Open)
            $null = Assert-SegAt -Pipe $pipe -Code 0 -Words $words
        }
        finally {
            if ($null -ne $daemon) {
                Stop-Daemon $daemon
            }
            Restore-Proxy
        }
        $file = Join-Path $Open 'pac.bin'
        Assert-Equal ('what is wrong with ' + $file) '' ([SegueChecks.Content]::Differs($file, 65536))
    }
}

# ---- checks: programs of the tests ----

function Test-Programs {
    if ($Tests -eq '') {
        return
    }
    Check 'tests.programs' {
        $bad = @()
        foreach ($program in Get-ChildItem -Path $Tests -Recurse -Include 'test_*.exe', 'contract_*.exe') {
            $done = Invoke-Tool -File $program.FullName -Words @() -Seconds 600
            if ($done.Code -ne 0) {
                $bad += $program.Name + ' (' + $done.Code + ')'
            }
        }
        Assert-Equal 'the programs that failed' '' ($bad -join ', ')
    }
}

# ---- checks: removing ----

function Test-Removing {
    Check 'remove.purge' {
        Remove-Item -Path (Join-Path $PublicFolder '*') -Recurse -Force
        $null = Assert-Seg -Code 0 -Words @('service', 'uninstall', '--purge')
        Assert-True 'no service' (-not (Test-Service)) 'one'
        Assert-True 'no data folder' (-not (Test-Path -LiteralPath $DataFolder)) $DataFolder
        Assert-True 'no public folder, as it was empty,' (-not (Test-Path -LiteralPath $PublicFolder)) $PublicFolder
        Assert-True 'no source of events' (-not (Test-Path -LiteralPath $SourceKey)) $SourceKey
    }

    Check 'remove.rights' {
        $file = Join-Path $Work 'rights.inf'
        $done = Invoke-System -Program 'secedit.exe' -Words @('/export', '/areas', 'USER_RIGHTS', '/cfg', $file)
        Assert-Equal 'the exit code of secedit' 0 $done.Code
        $text = [IO.File]::ReadAllText($file)
        Assert-True 'no right of the service' (-not $text.Contains($ServiceSid)) $ServiceSid
    }
}

# ---- checks: the MSI ----

function Invoke-Msi {
    param([string] $What, [string] $Package, [switch] $AsUser)
    $log = Join-Path $Shared 'msi.log'
    $words = @($What, $Package, '/qn', '/norestart', '/l*v', $log)
    return Invoke-System -Program 'msiexec.exe' -Words $words -AsUser:$AsUser -Seconds 600
}

function Get-MachinePath {
    $key = Get-Item -LiteralPath $MachinePathKey
    return [string]$key.GetValue('Path', '', [Microsoft.Win32.RegistryValueOptions]::DoNotExpandEnvironmentNames)
}

function Test-Msi {
    if ($Msi -eq '') {
        return
    }
    if (Test-Service) {
        $null = Assert-Seg -Code 0 -Words @('service', 'uninstall', '--purge')
    }
    $package = Join-Path $Bin 'this.msi'
    $higher = Join-Path $Bin 'next.msi'
    Copy-Item -LiteralPath $Msi -Destination $package
    if ($NextMsi -ne '') {
        Copy-Item -LiteralPath $NextMsi -Destination $higher
    }
    $script:SegExe = Join-Path $ProgramFolder 'seg.exe'
    $pathBefore = Get-MachinePath

    Check 'msi.as-user' {
        $done = Invoke-Msi -What '/i' -Package $package -AsUser
        Assert-True 'an exit code that is not 0' ($done.Code -ne 0) '0'
        Assert-True 'nothing to be installed' (-not (Test-Path -LiteralPath $ProgramFolder)) $ProgramFolder
    }

    $installed = Invoke-Msi -What '/i' -Package $package
    Check 'msi.install' {
        Assert-Equal 'the exit code of msiexec' 0 $installed.Code
        Assert-Running
        Assert-Equal 'the account' 'NT SERVICE\Segue' (Get-ServiceValue 'ObjectName')
        $folders = (Get-MachinePath).Split(';')
        Assert-True 'the program folder in PATH' (($folders -contains $ProgramFolder) -or
            ($folders -contains ($ProgramFolder + '\'))) ($folders -join ';')
        $products = @(Get-Products)
        Assert-Equal 'the number of entries in the list of programs' 1 $products.Count
    }

    if ($NextMsi -ne '') {
        Check 'msi.upgrade' {
            $Origin.Rate = 4 * $MiB
            try {
                $id = Add-Job -Url $Origin.Url(64 * $MiB, 'upgrade.bin') -Folder $PublicFolder
                Wait-Durable $id (8 * $MiB)
                $done = Invoke-Msi -What '/i' -Package $higher
                Assert-Equal 'the exit code of msiexec' 0 $done.Code
                Assert-Running
            }
            finally {
                $Origin.Rate = 0
            }
            $null = Assert-Done $id (64 * $MiB)
            Assert-LittleAgain 'upgrade.bin' (64 * $MiB)
            $down = Invoke-Msi -What '/i' -Package $package
            Assert-Equal 'the exit code of the lower version''s msiexec' 1603 $down.Code
            Assert-Running
        }
        $package = $higher
    }

    Check 'msi.repair' {
        Remove-Item -LiteralPath $SegExe -Force
        $done = Invoke-Msi -What '/fa' -Package $package
        Assert-Equal 'the exit code of msiexec' 0 $done.Code
        Assert-Running
    }

    Check 'msi.remove' {
        if (Test-Path -LiteralPath $PublicFolder) {
            Remove-Item -Path (Join-Path $PublicFolder '*') -Recurse -Force
        }
        $done = Invoke-Msi -What '/x' -Package $package
        Assert-Equal 'the exit code of msiexec' 0 $done.Code
        Assert-True 'no service' (-not (Test-Service)) 'one'
        Assert-True 'no program folder' (-not (Test-Path -LiteralPath $ProgramFolder)) $ProgramFolder
        Assert-True 'no public folder, as it was empty,' (-not (Test-Path -LiteralPath $PublicFolder)) $PublicFolder
        Assert-Equal 'PATH' $pathBefore.TrimEnd(';') (Get-MachinePath).TrimEnd(';')
        Assert-True 'the data to be kept' (Test-Path -LiteralPath (Join-Path $DataFolder 'segue.db')) 'that it is gone'
    }
}

# ---- all of it ----

function Test-All {
    Test-Installing
    $null = Assert-Seg -Code 0 -Words @('service', 'install')
    $null = Assert-Seg -Code 0 -Words @('service', 'start')
    Assert-Running
    # jobs would wait on a machine whose network is metered, for a server on loopback too
    $null = Invoke-Seg -Words @('settings', 'metered', 'ignore')
    Initialize-Folders
    Test-Configuration
    # the crash before whatever else ends the service badly: the first restart comes soonest
    Test-Ends
    Test-Pipe
    Test-Callers
    Test-Folders
    Test-Files
    Test-Secrets
    Test-Surroundings
    Test-Network
    Test-Programs
    Test-Removing
    Test-Msi
}

# The second user, or a word on why there is none.
function Initialize-User {
    try {
        Add-User
    }
    catch {
        $script:Password = $null
        $script:UserSid = ''
        Write-Host ('there is no second user, and what needs one is left out: ' + $_.Exception.Message)
    }
}

# The service's process and its token belong to somebody else.
function Enable-Debugging {
    try {
        [Diagnostics.Process]::EnterDebugMode()
    }
    catch {
        Write-Host ('without the right to debug: ' + $_.Exception.Message)
    }
}

$env:SEGUE_PIPE = $null
$env:SEGUE_DATA = $null
if ($CleanUp) {
    if (-not (Test-Elevated) -or -not (Test-Path -LiteralPath $Marker)) {
        Write-Host 'windows-checks: there is nothing to clean up, or this is no administrator''s window'
        exit 2
    }
    Add-Type -TypeDefinition $Source -Language CSharp -IgnoreWarnings
    Remove-Everything
    exit 0
}
$obstacle = Find-Obstacle
if ($obstacle -ne '') {
    Write-Host ('windows-checks: ' + $obstacle)
    exit 2
}
Add-Type -TypeDefinition $Source -Language CSharp -IgnoreWarnings
Enable-Debugging
try {
    Initialize-Work
    Initialize-User
    Initialize-Shared
    Test-All
}
catch {
    $Failed++
    Write-Host ('FAIL ' + $_.Exception.Message + ': the checks that come after it were not made')
}
finally {
    Remove-Everything
}
Write-Host ''
Write-Host ([string]$Passed + ' passed, ' + $Failed + ' failed, ' + $Skipped + ' skipped')
Write-Host 'docs/windows-checks.md tells what is left to look at with your own eyes'
if ($Failed -gt 0) {
    exit 1
}
exit 0
