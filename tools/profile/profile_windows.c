/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A PowerShell script: certificates into the machine's stores, the connection, its algorithms, its routes.
 * DNS servers come with the address. */
#include "profile.h"

/* In single quotes, where only they mean something. */
static const char *quoted(const char *s, struct arena *arena)
{
	struct text t = text_in(arena);

	text_add(&t, "'");
	for (; *s; s++)
		text_add(&t, *s == '\'' ? "''" : "%c", *s);
	text_add(&t, "'");
	return text_str(&t);
}

static const char *cipher(const struct transform *encr)
{
	switch (encr->id << 16 | encr->bits) {
	case ENCR_AES_GCM_16 << 16 | 256: return "GCMAES256";
	case ENCR_AES_GCM_16 << 16 | 128: return "GCMAES128";
	case ENCR_AES_CBC << 16 | 256: return "AES256";
	default: return "AES128";
	}
}

/* With an AEAD both transforms of ESP are it. */
static const char *esp_integrity(const struct suite *s)
{
	return s->integ ? "SHA256128" : cipher(s->encr);
}

static const char *group(const struct transform *ke)
{
	switch (ke->id) {
	case KE_ECP_384: return "ECP384";
	case KE_ECP_256: return "ECP256";
	default: return "Group14";
	}
}

/* The same group has another name where it is for later keys. */
static const char *pfs_group(const struct transform *ke)
{
	return !ke ? "None" : ke->id == KE_MODP_2048 ? "PFS2048" : group(ke);
}

static void head(const struct profile *p, struct text *t)
{
	text_add(t,
		"# VPN to %s for %s. Run it as administrator:\n"
		"# powershell -ExecutionPolicy Bypass -File %s.ps1\n"
		"#Requires -RunAsAdministrator\n"
		"$ErrorActionPreference = 'Stop'\n"
		"$name = %s\n"
		"if (Get-VpnConnection -AllUserConnection | Where-Object Name -eq $name) {\n"
		"    throw \"There is a connection ${name}: Remove-VpnConnection -AllUserConnection -Name "
		"$name takes it "
		"away.\"\n"
		"}\n",
		p->gateway, p->user, p->user, quoted(p->gateway, t->arena));
}

static void certificates(const struct profile *p, struct text *t)
{
	bool own = p->auth != PROFILE_PASSWORD;
	const char *store = p->auth == PROFILE_CERT ? "LocalMachine" : "CurrentUser";

	text_add(t, "\n$ca = @'\n%s\n'@\n", profile_base64(p->ca, 76, "", t->arena));
	if (own)
		text_add(t,
			"$user = @'\n%s\n'@\n"
			"$password = Read-Host -AsSecureString -Prompt %s\n",
			profile_base64(p->p12, 76, "", t->arena),
			quoted(arena_printf(t->arena, "Password of the certificate of %s", p->user),
				t->arena));
	text_add(t, "$file = New-TemporaryFile\n"
		    "try {\n"
		    "    [IO.File]::WriteAllBytes($file, [Convert]::FromBase64String($ca))\n"
		    "    Import-Certificate -FilePath $file -CertStoreLocation Cert:\\LocalMachine\\Root | "
		    "Out-Null\n");
	if (own)
		text_add(t,
			"    [IO.File]::WriteAllBytes($file, [Convert]::FromBase64String($user))\n"
			"    Import-PfxCertificate -FilePath $file -Password $password "
			"-CertStoreLocation Cert:\\%s\\My | Out-Null\n",
			store);
	text_add(t, "} finally {\n"
		    "    Remove-Item $file\n"
		    "}\n");
}

static void connection(const struct profile *p, struct text *t)
{
	static const char *const ways[] = {
		[PROFILE_CERT] = "AuthenticationMethod = 'MachineCertificate'",
		[PROFILE_EAP_TLS] = "AuthenticationMethod = 'Eap'\n"
				    "    EapConfigXmlStream = (New-EapConfiguration -Tls "
				    "-UserCertificate).EapConfigXmlStream",
		[PROFILE_PASSWORD] = "AuthenticationMethod = 'Eap'\n"
				     "    EapConfigXmlStream = (New-EapConfiguration).EapConfigXmlStream\n"
				     "    RememberCredential = $true",
	};

	text_add(t,
		"\n$connection = @{\n"
		"    Name = $name\n"
		"    ServerAddress = %s\n"
		"    TunnelType = 'Ikev2'\n"
		"    %s\n"
		"    EncryptionLevel = 'Required'\n"
		"    SplitTunneling = $%s\n"
		"    AllUserConnection = $true\n"
		"}\n"
		"Add-VpnConnection @connection\n",
		quoted(p->gateway, t->arena), ways[p->auth], p->full ? "false" : "true");
}

static void algorithms(const struct profile *p, struct text *t)
{
	const struct suite *ike = &p->ike_suite, *esp = &p->esp_suite;
	const char *digest = ike->integ ? ike->integ->openssl : ike->prf->openssl;

	text_add(t,
		"\n$algorithms = @{\n"
		"    ConnectionName = $name\n"
		"    EncryptionMethod = '%s'\n"
		"    IntegrityCheckMethod = '%s'\n"
		"    DHGroup = '%s'\n"
		"    CipherTransformConstants = '%s'\n"
		"    AuthenticationTransformConstants = '%s'\n"
		"    PfsGroup = '%s'\n"
		"    AllUserConnection = $true\n"
		"    Force = $true\n"
		"}\n"
		"Set-VpnConnectionIPsecConfiguration @algorithms\n",
		cipher(ike->encr), digest, group(ike->ke), cipher(esp->encr), esp_integrity(esp),
		pfs_group(esp->ke));
}

/* With a full tunnel Windows leads IPv4 into it by itself, IPv6 not. */
static void routes(const struct profile *p, struct text *t)
{
	const char *nets = p->full ? p->v6 ? "::/1', '8000::/1" : "" : profile_nets(p, 0, "', '", t->arena);

	if (*nets)
		text_add(t,
			"\nforeach ($net in '%s') {\n"
			"    Add-VpnConnectionRoute -ConnectionName $name -DestinationPrefix $net "
			"-AllUserConnection\n"
			"}\n",
			nets);
}

void profile_windows(const struct profile *p, struct arena *arena, struct profile_files *out)
{
	struct text t = text_in(arena);

	head(p, &t);
	certificates(p, &t);
	connection(p, &t);
	algorithms(p, &t);
	routes(p, &t);
	text_add(&t, "\nWrite-Output \"Connect by the network symbol, or by: rasdial $name\"\n");
	profile_add(out, NULL, text_str(&t));
}
